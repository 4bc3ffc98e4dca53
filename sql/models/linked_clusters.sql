-- One row per base cluster and level: the number of the group it belongs to if centroids decide.
-- kind: table
-- grain: facet, level, cluster_id
-- All levels are cuts of one tree by Ward's linkage, so clusters that are together stay together. Ward's last groups are often what
-- was left over. So at the top a group whose clusters have little in common (a cosine below 0.3) is replaced by its parts in a
-- finer cut, of half as many groups again.
with

members as (
    select facet, list(cluster_id order by cluster_id) as cluster_ids, list(centroid order by cluster_id) as centroids
    from base_clusters
    inner join cluster_ids using (facet, cluster_id)
    group by facet
),

linked as materialized (
    select
        facet, level, is_top,
        unnest(cluster_ids) as cluster_id,
        unnest(clio_link(centroids, wanted)) as number,
        unnest(clio_link(centroids, case when is_top then wanted + wanted // 2 else wanted end)) as part
    from level_sizes
    inner join members using (facet)
    where not kept and tree_by = 'centroids'
),

split_up as (
    select one.facet, one.level, one.number
    from linked as one
    inner join linked as two
        on two.facet = one.facet and two.level = one.level and two.number = one.number and two.cluster_id > one.cluster_id
    inner join directions as own on own.facet = one.facet and own.cluster_id = one.cluster_id
    inner join directions as other on other.facet = two.facet and other.cluster_id = two.cluster_id
    where one.is_top
    group by one.facet, one.level, one.number
    having avg(list_cosine_similarity(own.direction, other.direction)) < 0.3
)

select
    facet::varchar as facet,
    level::integer as level,
    cluster_id::varchar as cluster_id,
    (dense_rank() over (
        partition by facet, level order by number, case when split_up.number is not null then part end
    ) - 1)::integer as number
from linked left join split_up using (facet, level, number)
