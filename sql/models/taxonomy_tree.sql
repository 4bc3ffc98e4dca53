-- One row per shown cluster of a fixed taxonomy: its leaves that pass the gate and nobody hid, and what stands above them.
-- kind: view
-- grain: facet, cluster_id
-- A node above is the union of the leaves that are shown: a hidden leaf is in no total, so none gives it away. A leaf that
-- stands higher than the deepest ones is its own only child down to level 0: 'travel/1' of level 1 has the child 'travel'.
with

leaves as (
    select nodes.*
    from taxonomy_nodes as nodes
    inner join gated_clusters on gated_clusters.facet = nodes.facet and gated_clusters.cluster_id = nodes.id
    inner join facets on facets.facet = nodes.facet
    anti join hidden_clusters as hidden on hidden.facet = nodes.facet and hidden.cluster_id = nodes.id
    where nodes.is_leaf and gated_clusters.passes and facets.clustered
),

-- every leaf reaches down to level 0
reaching as (
    select *, unnest(range(level + 1)) as at_level from leaves
),

bottoms as (
    select
        facet, at_level as level, case when at_level = 0 then id else concat(id, '/', at_level) end as cluster_id,
        case when at_level = level then parent_id else concat(id, '/', at_level + 1) end as parent_id,
        name, description, [id] as base_cluster_ids
    from reaching
),

below as (
    select facet, id as leaf, unnest(path[:-2]) as id from leaves
),

above as (
    select facet, id, list(leaf order by leaf) as leaves from below group by facet, id
),

everything as (
    from bottoms
    union all
    select nodes.facet, nodes.level, nodes.id, nodes.parent_id, nodes.name, nodes.description, above.leaves
    from above inner join taxonomy_nodes as nodes using (facet, id)
)

select
    facet::varchar as facet,
    level::integer as level,                                           -- 0 is the base
    cluster_id::varchar as cluster_id,                                 -- the id in the taxonomy; above level 0, of a leaf, with its level
    parent_id::varchar as parent_id,                                   -- NULL at the top
    name::varchar as name,
    description::varchar as description,
    base_cluster_ids::varchar[] as base_cluster_ids
from everything
