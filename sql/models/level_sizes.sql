-- One row per facet and level above the base: how many clusters it should have.
-- kind: table
-- grain: facet, level
with

sizes as (
    select
        facet,
        count(*) as base_size,
        least(count(*), any_value(top_clusters)) as top_size,
        any_value(trees.levels) as levels,
        any_value(trees.reason) is null as kept,
        -- clusters of an overlay's found_assignments.sql have no centroid
        case when bool_and(cluster_ids.centroid is not null) then any_value(trees.tree_by) else 'names' end as tree_by
    from base_clusters
    inner join trees using (facet)
    left join cluster_ids using (facet, cluster_id)
    cross join settings
    group by facet
)

select
    facet::varchar as facet,
    level::integer as level,                                          -- 0 would be the base
    clio_level_size(base_size, top_size, level, levels)::integer as wanted,
    (level = levels - 1)::boolean as is_top,
    kept::boolean as kept,                                            -- whether the last build's tree is kept
    tree_by::varchar as tree_by                                       -- what groups clusters: names or centroids
from sizes, unnest(range(1, levels)) as above(level)
