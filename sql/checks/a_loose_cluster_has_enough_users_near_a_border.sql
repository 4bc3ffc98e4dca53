-- One row per cluster that is marked as loose though too few users are near a border, today or as last published. No rows = pass.
with

shares as (
    select facet, cluster_id, user_id, avg((distance > 0.9 * runner_up_distance)::integer) as share
    from assignments
    where user_id is not null
    group by facet, cluster_id, user_id
),

today as (
    select facet, cluster_id, count(*) filter (share >= 0.5) as users
    from shares
    group by facet, cluster_id
)

select clusters.facet, clusters.cluster_id
from clusters
inner join (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as held
    on held.facet = clusters.facet and held.cluster_id = clusters.cluster_id
left join today on today.facet = held.facet and today.cluster_id = held.base_cluster_id
left join last_cluster_quality as last on last.facet = held.facet and last.cluster_id = held.base_cluster_id
cross join settings
where clusters.loose
    and mode is distinct from 'safety'
    and coalesce(today.users, 0) < min_users
    and not coalesce(last.loose, false)
