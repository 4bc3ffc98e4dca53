-- One row per published count that is not the count of its basis, rounded to the nearest round_to. No rows = pass.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
    union all
    select distinct facet, '(other)', '(other)' from published_figures where cluster_id = '(other)'
),

per_user as (
    select
        published_figures.relation, published_figures.facet, tree.cluster_id, published_figures.breakdown, published_figures.value, published_figures.user_id,
        if(user_id is null, max(people), 1) as users, sum(published_figures.conversations) as conversations
    from tree inner join published_figures on published_figures.facet = tree.facet and published_figures.cluster_id = tree.base_cluster_id
    where published_figures.breakdown <> 'clusters'                         -- a number of clusters, with no user behind it
    group by published_figures.relation, published_figures.facet, tree.cluster_id, published_figures.breakdown, published_figures.value, published_figures.user_id
),

counted as (
    select relation, facet, cluster_id, breakdown, value, sum(users) as users, sum(conversations) as conversations
    from per_user
    group by relation, facet, cluster_id, breakdown, value
    union all
    select 'held_back', facet, '(other)', 'reason', 'several', sum(users), sum(conversations)
    from per_user
    where relation = 'clusters' and cluster_id = '(other)'
    group by facet
),

published as (
    select 'clusters' as relation, facet, cluster_id, '' as breakdown, '' as value, users, conversations from clusters
    union all
    select 'cluster_facets', facet, cluster_id, breakdown, value, users, conversations from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d'), users, conversations from cluster_trends cross join trend_period
    union all
    select 'cluster_measures', facet, cluster_id, measure, 'known', null, conversations from cluster_measures where conversations is not null
    union all
    select 'held_back', facet, '(other)', 'reason', reason, null, conversations from held_back
)

select published.relation, published.facet, published.cluster_id, published.breakdown
from published left join counted using (relation, facet, cluster_id, breakdown, value) cross join settings
where not coalesce(
    published.conversations % round_to = 0 and abs(published.conversations - counted.conversations) <= round_to / 2
    and coalesce(                                         -- NULL: not published
        published.users % round_to = 0 and abs(published.users - counted.users) <= round_to / 2, published.relation <> 'clusters'
    ),
    false
)
