-- One row per node of a fixed taxonomy in use: where it stands, and whether conversations are placed there.
-- kind: table
-- grain: facet, id
-- kept: last
-- A changed taxonomy publishes new figures, as a refit does, and waits as one does: see fits. Until then the last one is used.
with recursive

given as (
    select taxonomy.*
    from taxonomy inner join fits using (facet)
    where fits.reason is not null
),

above as (
    select facet, id, parent_id, name, description, [id] as path from given where parent_id is null
    union all
    select given.facet, given.id, given.parent_id, given.name, given.description, list_append(above.path, given.id)
    from given inner join above on above.facet = given.facet and above.id = given.parent_id
),

deepest as (
    select facet, max(len(path)) as levels from above group by facet
)

select
    above.facet::varchar as facet,
    above.id::varchar as id,
    above.parent_id::varchar as parent_id,                             -- NULL at the top
    above.name::varchar as name,
    above.description::varchar as description,
    (levels - len(path))::integer as level,                            -- 0 are the deepest leaves
    above.path::varchar[] as path,                                     -- ids from the top to the node itself
    (below.parent_id is null)::boolean as is_leaf
from above
inner join deepest using (facet)
left join (select distinct facet, parent_id from given) as below on below.facet = above.facet and below.parent_id = above.id
union all
select last_nodes.facet, last_nodes.id, last_nodes.parent_id, last_nodes.name, last_nodes.description, last_nodes.level, last_nodes.path, last_nodes.is_leaf
from last_taxonomy_nodes as last_nodes inner join fits using (facet)
where fits.reason is null
