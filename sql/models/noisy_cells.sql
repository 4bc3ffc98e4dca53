-- One row per figure that gets noise: a base cluster, or a breakdown value or period of it. Empty without epsilon.
-- kind: view
-- grain: relation, facet, cluster_id, cell
-- What one user changes is bounded: in each facet at most conversations_per_user of their conversations count.
with

bounded as (
    select memberships.conversation_id, memberships.user_id, memberships.facet, memberships.cluster_id
    from memberships
    cross join settings
    where level = 0 and user_id is not null and epsilon is not null        -- rows without a user id have no bound, so they are not counted
    qualify row_number() over (
        partition by facet, user_id order by md5(concat(seed, conversation_id))
    ) <= conversations_per_user
),

counted as (
    select 'clusters' as relation, facet, cluster_id, '' as breakdown, '' as cell, user_id
    from bounded
    union all
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value as cell, user_id
    from bounded inner join breakdowns using (conversation_id)
    union all
    select
        'cluster_trends' as relation, facet, cluster_id, '' as breakdown,
        cast(cast(date_trunc(trend_period.period, created_at) as date) as varchar) as cell, bounded.user_id
    from bounded
    inner join segments using (conversation_id)
    cross join trend_period
    where created_at is not null
)

select
    relation::varchar as relation,                     -- the published relation that it is for
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,                 -- base clusters only: those above are sums of them
    breakdown::varchar as breakdown,
    cell::varchar as cell,                             -- the value, or the first day of the period
    count(*)::bigint as conversations,                 -- exact: private
    count(distinct user_id)::bigint as users
from counted
group by all
