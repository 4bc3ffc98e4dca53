-- One row per cluster and breakdown whose held-back values, all together, are not empty but below the thresholds, on the
-- day of its figures or today. No rows = pass.
with

published as (
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d') from cluster_trends cross join trend_period
    union all
    select 'cluster_measures', facet, cluster_id, measure, 'known' from cluster_measures where conversations is not null
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

days as (                                                 -- independent: users who count towards thresholds
    select 'basis' as day, relation, facet, cluster_id, breakdown, value, user_id, independent_people as independent, conversations
    from published_figures
    union all
    select 'today', relation, facet, cluster_id, breakdown, value, user_id, independent::integer, conversations
    from cells
),

left_over as (
    select
        days.relation, days.facet, tree.cluster_id, days.breakdown, days.day, days.user_id,
        max(days.independent) as independent,             -- without a user_id: so many who are gone
        sum(days.conversations) as conversations
    from days
    inner join tree on tree.facet = days.facet and tree.base_cluster_id = days.cluster_id
    semi join published
        on published.relation = days.relation and published.facet = days.facet
        and published.cluster_id = tree.cluster_id and published.breakdown = days.breakdown
    anti join published
        on published.relation = days.relation and published.facet = days.facet
        and published.cluster_id = tree.cluster_id and published.breakdown = days.breakdown
        and published.value = days.value
    group by days.relation, days.facet, tree.cluster_id, days.breakdown, days.day, days.user_id
),

counted as (
    select
        relation, facet, cluster_id, breakdown, day,
        sum(independent) as users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from left_over
    group by relation, facet, cluster_id, breakdown, day
)

select relation, facet, cluster_id, breakdown
from counted cross join settings
where mode is distinct from 'safety'
group by relation, facet, cluster_id, breakdown
having bool_or(day = 'basis')                             -- if nothing is left of the figures, that is as good
    and (count(*) <> 2 or not bool_and(coalesce(
        users >= coalesce(min_users_cell, min_users)
        and conversations >= coalesce(min_conversations_cell, min_conversations) and top_user_share <= max_user_share, false
    )))
