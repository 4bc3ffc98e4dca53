-- One row per published reason for holding back that does not meet the thresholds, today or on the day of its figures, or
-- that together with the others would reveal one that is not published. No rows = pass.
with

days as (
    select 'basis' as day, relation, facet, value, user_id, independent_people as independent, conversations
    from published_figures
    where cluster_id = '(other)' and breakdown <> 'clusters'
    union all
    select 'today', relation, facet, value, user_id, independent::integer, conversations
    from cells
    where cluster_id = '(other)' and breakdown <> 'clusters'
),

per_user as (                                             -- the reason 'several' is all of them
    select
        day, facet, if(relation = 'clusters', 'several', value) as reason, user_id,
        sum(independent) as independent, sum(conversations) as conversations
    from days
    group by all
),

counted as (
    select
        day, facet, reason,
        sum(independent) as users,                        -- users who count towards thresholds
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by day, facet, reason
),

failing as (
    select facet, reason
    from counted cross join settings cross join margins
    group by facet, reason
    having count(*) <> 2 or not bool_and(coalesce(
        users >= min_users + clio_margin(salt, 'cluster/(other)', cell_margin)
        and conversations >= min_conversations and top_user_share <= max_user_share, false
    ))
),

-- if listed separately, all reasons must be published, and add up to all that is held back
apart as (
    select facet
    from counted
    where day = 'basis'
    group by facet
    having sum(conversations) filter (reason <> 'several') = any_value(conversations) filter (reason = 'several')
)

select held_back.facet, held_back.reason
from held_back
left join counted on counted.facet = held_back.facet and counted.reason = held_back.reason and counted.day = 'basis'
cross join settings
where mode is distinct from 'safety' and (
    counted.facet is null
    or (held_back.facet, held_back.reason) in (select (facet, reason) from failing)
    or held_back.reason <> 'several' and (
        held_back.facet not in (from apart)
        or held_back.facet in (select facet from failing where (facet, reason) not in (select (facet, reason) from held_back))
    )
)
