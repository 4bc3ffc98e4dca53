-- One row per figure, user and day: as it was last published, and as it is today.
-- kind: view
-- grain: day, relation, facet, cluster_id, breakdown, value, user_id
-- A figure is the total of a cluster, or one value of a breakdown of it; see cells. Of users who are in no conversation any
-- more only their number is left.
with

known_users as (
    select distinct user_id from conversations where user_id is not null
),

last_independent as (
    select
        * replace (case breakdown when 'period' then 'week' else breakdown end as breakdown),     -- as earlier versions called it
        independent_people as independent
    from figures_before
    where relation <> 'cluster_trends' or breakdown = 'period' or breakdown in (select period from periods)
),

last as (
    select
        relation, facet, cluster_id, breakdown, value, known_users.user_id,
        case when known_users.user_id is null then sum(people) else 1 end as people,
        coalesce(sum(people) filter (last_independent.user_id is null), 0) as nameless,
        case when known_users.user_id is null then sum(independent) else max(independent) end as independent,
        coalesce(sum(independent) filter (last_independent.user_id is null), 0) as nameless_independent,
        sum(conversations) as conversations
    from last_independent left join known_users using (user_id)
    group by relation, facet, cluster_id, breakdown, value, known_users.user_id
),

today as (
    select
        relation, facet, cluster_id, breakdown, value, user_id,
        case when user_id is null then 0 else 1 end as people, 0 as nameless,
        case when independent then 1 else 0 end as independent, 0 as nameless_independent, conversations
    from cells
)

select
    day::varchar as day,                             -- last: as last published; today
    relation::varchar as relation,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    breakdown::varchar as breakdown,
    value::varchar as value,
    user_id::varchar as user_id,                     -- NULL: users who are gone, and rows without a user id
    people::integer as people,                       -- 1, or how many are gone
    nameless::integer as nameless,                   -- of them, how many were gone in an earlier build already
    independent::integer as independent,             -- users who count towards thresholds, see independent_texts
    nameless_independent::integer as nameless_independent,
    conversations::bigint as conversations
from (select 'today' as day, * from today union all by name select 'last' as day, * from last)
