-- One row per facet with a fixed taxonomy: how many leaves it has, and a hash of all that decides where conversations are placed.
-- kind: view
-- grain: facet
select
    facet::varchar as facet,
    (count(*) - count(distinct parent_id))::integer as leaves,         -- a node is a leaf unless another names it as its parent
    md5(list(to_json(struct_pack(id := id, parent_id := parent_id, name := name, description := description)) order by id)::varchar)::varchar as content
from taxonomy
semi join (from facets where kind = 'taxonomy') as fixed using (facet)
group by facet
