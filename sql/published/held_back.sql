-- One row a facet and reason: how much is not shown, and why. Itself gated.
-- kind: view
-- grain: facet, reason
with

per_user as (
    select facet, reason, user_id, count(*) as conversations
    from suppressed
    group by all
),

reasons as (
    select
        facet, reason,
        sum(conversations) as conversations,
        count(user_id) as users,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by all
),

judged as (
    select
        reasons.*,
        mode = 'safety' or coalesce(                -- safety: for authorised people alone, no gate
            users >= min_users and conversations >= min_conversations and top_user_share <= max_user_share, false
        ) as passes
    from reasons cross join settings
),

-- one reason that must stay hidden could be had from the (other) row minus the rest: then no reason is told apart
mixed as (
    select facet from judged group by facet having not bool_and(passes)
),

told as (
    select suppressed.*, case when mixed.facet is null then suppressed.reason else 'several' end as told_reason
    from suppressed left join mixed using (facet)
),

told_users as (
    select facet, told_reason, user_id, count(*) as conversations
    from told
    group by all
),

gated as (
    select
        facet, told_reason,
        sum(conversations) as conversations,
        count(user_id) as users,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from told_users
    group by all
),

clusters_held as (
    select facet, told_reason, count(distinct cluster_id) as clusters
    from told
    group by all
)

select
    facet::varchar as facet,
    told_reason::varchar as reason,                                            -- 'several' where telling them apart would tell too much
    clusters::integer as clusters,                                             -- base clusters; 0: no answer to cluster
    (round(conversations / round_to) * round_to)::bigint as conversations      -- rounded
from gated inner join clusters_held using (facet, told_reason) cross join settings
where (mode = 'safety' or coalesce(                 -- safety: for authorised people alone, no gate
    users >= min_users and conversations >= min_conversations and top_user_share <= max_user_share, false
)) and round_to is not null
order by facet, reason
