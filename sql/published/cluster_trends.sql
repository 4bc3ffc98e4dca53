-- One row a published cluster and period: how it grew. Cells below the gate are left out.
-- kind: view
-- grain: facet, cluster_id, period
with

per_user as (
    select facet, cluster_id, date_trunc(settings.period, created_at) as period, memberships.user_id, count(*) as conversations
    from memberships
    inner join conversations using (conversation_id)
    cross join settings
    where created_at is not null
    group by all
),

cells as (
    select
        facet, cluster_id, period,
        sum(conversations) as conversations,
        count(user_id) as users,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by all
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    cells.period::date as period,                                              -- its first day
    (round(conversations / round_to) * round_to)::bigint as conversations,     -- rounded
    (round(users / round_to) * round_to)::bigint as users                      -- distinct people, rounded
from cells cross join settings
where cells.period is not null and (mode = 'safety' or coalesce(              -- safety: for authorised people alone, no gate
    users >= min_users and conversations >= min_conversations and top_user_share <= max_user_share, false
)) and round_to is not null
order by facet, cluster_id, cells.period
