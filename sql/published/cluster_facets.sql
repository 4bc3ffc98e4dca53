-- One row a published cluster, breakdown and value: who and what is in the cluster. Cells below the gate are left out.
-- kind: view
-- grain: facet, cluster_id, breakdown, value
with

per_user as (
    select facet, cluster_id, breakdown, value, user_id, count(*) as conversations
    from memberships inner join breakdowns using (conversation_id)
    group by all
),

cells as (
    select
        facet, cluster_id, breakdown, value,
        sum(conversations) as conversations,
        count(user_id) as users,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by all
),

passing as (
    select
        facet, cluster_id, breakdown, value,
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from cells cross join settings
    where (mode = 'safety' or coalesce(              -- safety: for authorised people alone, no gate
        users >= min_users and conversations >= min_conversations and top_user_share <= max_user_share, false
    )) and round_to is not null
),

-- shares and lifts are made of rounded counts, so that they tell no more than those
overall as (
    select
        facet, breakdown, value,
        sum(passing.conversations) / any_value(total) as share
    from passing
    inner join clusters using (facet, cluster_id)
    inner join (
        select facet, sum(conversations) as total from clusters where parent_id is null group by facet
    ) using (facet)
    where parent_id is null
    group by facet, breakdown, value
)

select
    passing.facet::varchar as facet,
    passing.cluster_id::varchar as cluster_id,
    passing.breakdown::varchar as breakdown,               -- language, concern, turns, …
    passing.value::varchar as value,
    passing.conversations::bigint as conversations,        -- rounded
    passing.users::bigint as users,                        -- distinct people, rounded
    (passing.conversations / nullif(clusters.conversations, 0))::double as share,     -- of the cluster
    (passing.conversations / nullif(clusters.conversations, 0) / nullif(overall.share, 0))::double as lift    -- share against that of all published; NULL where that is not shown
from passing
inner join clusters using (facet, cluster_id)
left join overall on overall.facet = passing.facet and overall.breakdown = passing.breakdown and overall.value = passing.value
order by facet, cluster_id, breakdown, conversations desc, value
