-- One row per measure of a base cluster whose numbers differ from those last published through fewer than min_users users.
-- No rows = pass.
--
-- Users who came, left, or have other numbers. What was below the gate was published of no user.
with

days as (
    select 'now' as day, facet, cluster_id, measure, user_id, people, amounts from measured_figures
    union all
    select 'last', figures.facet, coalesce(merged.cluster_id, figures.cluster_id), measure, known.user_id, people, amounts
    from last_measured_figures as figures
    left join merged_clusters as merged on merged.facet = figures.facet and merged.found_id = figures.cluster_id
    left join (select distinct user_id from conversations where user_id is not null) as known using (user_id)
),

passed as (
    select facet, cluster_id, measure
    from days cross join settings
    where mode is distinct from 'safety'
    group by facet, cluster_id, measure, day
    having count(distinct user_id) >= any_value(coalesce(min_users_cell, min_users))
        and sum(len(amounts)) >= any_value(coalesce(min_conversations_cell, min_conversations))
        and coalesce(max(len(amounts)) filter (user_id is not null), 0) <= any_value(max_user_share) * sum(len(amounts))
),

published as (                                            -- both times
    select facet, cluster_id, measure from passed group by facet, cluster_id, measure having count(*) = 2
),

people as (
    select facet, cluster_id, measure, user_id, list_sort(flatten(list(amounts) filter (day = 'now'))) as now, list_sort(flatten(list(amounts) filter (day = 'last'))) as before,
        greatest(1, coalesce(sum(people) filter (day = 'last' and user_id is null), 0)) as users
    from days semi join published using (facet, cluster_id, measure)
    group by facet, cluster_id, measure, user_id
),

moved as (
    select facet, cluster_id, measure, sum(users) as users
    from people
    where now is distinct from before
    group by facet, cluster_id, measure
)

select facet, cluster_id, measure
from moved cross join settings
where not coalesce(users >= min_users, false)
