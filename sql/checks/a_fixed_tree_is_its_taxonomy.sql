-- One row per cluster of a fixed taxonomy that is no node of it, or stands elsewhere or is called otherwise there, and per
-- such facet that is both a tree and a breakdown. No rows = pass.
with

shown as (
    select
        hierarchy.facet, hierarchy.cluster_id, hierarchy.name, hierarchy.description,
        split_part(hierarchy.cluster_id, '/', 1) as id, split_part(hierarchy.parent_id, '/', 1) as parent_id
    from hierarchy inner join facets using (facet)
    where facets.kind = 'taxonomy'
)

select shown.facet, shown.cluster_id
from shown left join taxonomy_nodes as nodes using (facet, id)
where shown.name is distinct from nodes.name or shown.description is distinct from nodes.description
    -- of a leaf that reaches down, all but the highest have themselves above
    or shown.parent_id is distinct from nodes.parent_id and shown.parent_id is distinct from shown.id
union all
select facets.facet, '(breakdown)'
from facets
where facets.kind = 'taxonomy' and facets.clustered
    and facets.facet in (select breakdown from breakdowns)
    and facets.facet not in (select facet from direct_facets)
