-- One row per published trend and period that overlaps in time what an earlier build told by another period. No rows = pass.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
)

select distinct cluster_trends.facet, cluster_trends.cluster_id, cluster_trends.period
from cluster_trends
cross join trend_period
cross join settings
inner join tree using (facet, cluster_id)
inner join last_told_periods as told on told.facet = tree.facet and told.base_cluster_id = tree.base_cluster_id
where mode is distinct from 'safety'
    and told.period <> trend_period.period
    and told.value::date < clio_period_end(trend_period.period, cluster_trends.period)
    and cluster_trends.period < clio_period_end(told.period, told.value::date)
