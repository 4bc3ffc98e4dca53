-- One row per base cluster and level: the number of the group it belongs to if centroids decide.
-- kind: table
-- grain: facet, level, cluster_id
-- All levels are cuts of one tree by Ward's linkage, so clusters that are together stay together.
with

members as (
    select facet, list(cluster_id order by cluster_id) as cluster_ids, list(centroid order by cluster_id) as centroids
    from base_clusters
    inner join cluster_ids using (facet, cluster_id)
    group by facet
),

linked as (
    select facet, level, unnest(cluster_ids) as cluster_id, unnest(clio_link(centroids, wanted)) as number
    from level_sizes
    inner join members using (facet)
    where not kept and tree_by = 'centroids'
)

select
    facet::varchar as facet,
    level::integer as level,
    cluster_id::varchar as cluster_id,
    number::integer as number
from linked
