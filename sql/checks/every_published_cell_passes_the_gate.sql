-- One row per published cell of a breakdown, a period or a measure that does not meet the thresholds, today or on the day of its
-- figures. No rows = pass.
with

published as materialized (                              -- each cell has a number, the hash of its keys
    select *, hash(relation, facet, cluster_id, breakdown, value) as cell
    from (
        select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
        union all
        select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d') from cluster_trends cross join trend_period
        union all
        select 'cluster_measures', facet, cluster_id, measure, 'known' from cluster_measures
    )
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

per_user as (
    select
        published.cell, days.day, days.user_id, sum(days.conversations) as conversations,
        max(days.independent) as independent              -- without a user_id: so many who are gone
    from published
    inner join tree using (facet, cluster_id)
    inner join days
        on days.relation = published.relation and days.facet = published.facet
        and days.cluster_id = tree.base_cluster_id
        and days.breakdown = published.breakdown and days.value = published.value
    group by published.cell, days.day, days.user_id
),

counted as (
    select
        cell, day, sum(independent) as users, sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by cell, day
),

required as (                                             -- what was published before needs no margin
    select
        published.*,
        if(last.cluster_id is null, clio_margin(
            salt, concat_ws('/', 'cell', relation, facet, cluster_id, breakdown, value), cell_margin
        ), 0) as margin
    from published left join last_published_cells as last using (relation, facet, cluster_id, breakdown, value) cross join margins
)

select required.relation, required.facet, required.cluster_id, required.breakdown
from required left join counted using (cell) cross join settings
where mode is distinct from 'safety'
group by cell, required.relation, required.facet, required.cluster_id, required.breakdown, required.value
having required.value = '' or count(counted.day) <> 2 or not bool_and(coalesce(
    users >= coalesce(min_users_cell, min_users) + margin
    and conversations >= coalesce(min_conversations_cell, min_conversations) and top_user_share <= max_user_share, false
))
