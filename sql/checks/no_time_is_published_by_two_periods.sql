-- One row per published trend and period that overlaps in time what an earlier build published by another period. No rows = pass.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
)

select distinct cluster_trends.facet, cluster_trends.cluster_id, cluster_trends.period
from cluster_trends
cross join trend_period
cross join settings
inner join tree using (facet, cluster_id)
inner join last_published_periods as earlier on earlier.facet = tree.facet and earlier.base_cluster_id = tree.base_cluster_id
where mode is distinct from 'safety'
    and earlier.period <> trend_period.period
    and earlier.value::date < clio_period_end(trend_period.period, cluster_trends.period)
    and cluster_trends.period < clio_period_end(earlier.period, earlier.value::date)
