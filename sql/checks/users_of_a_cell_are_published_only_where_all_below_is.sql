-- One row per cell published with its users although a base cluster below has the value and does not publish it. No rows = pass.
with

published as (
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value, users from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d'), users from cluster_trends cross join trend_period
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

has as (
    select relation, facet, cluster_id as base_cluster_id, breakdown, value
    from published_figures
    group by relation, facet, cluster_id, breakdown, value
    having sum(conversations) > 0
)

select distinct published.relation, published.facet, published.cluster_id, published.breakdown
from published
inner join tree using (facet, cluster_id)
inner join has using (relation, facet, base_cluster_id, breakdown, value)
left join published as below
    on below.relation = has.relation and below.facet = has.facet and below.cluster_id = has.base_cluster_id
    and below.breakdown = has.breakdown and below.value = has.value
cross join settings
where published.users is not null and below.cluster_id is null and mode is distinct from 'safety'
