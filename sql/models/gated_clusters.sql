-- One row a base cluster: whether enough people share it, and if not, why not. Only what passes is ever named.
-- kind: view
-- grain: facet, cluster_id
with

per_user as (
    select facet, cluster_id, user_id, count(*) as conversations
    from assignments
    group by all
),

counted as (
    select
        facet,
        cluster_id,
        count(user_id) as users,                                       -- a NULL user is nobody
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by all
),

-- a few accounts that send one near-identical prompt count as one voice: the people behind all other texts must
-- reach the gate without them; few: fewer than twice min_users
one_voice as (
    select repeated_texts.facet, repeated_texts.cluster_id
    from repeated_texts
    inner join counted using (facet, cluster_id)
    cross join settings
    where repeated_texts.conversations > max_user_share * counted.conversations
        and repeated_texts.users < 2 * min_users
        and repeated_texts.other_users < min_users
),

judged as (
    select
        counted.*,
        case
            when mode = 'safety' then null                             -- for authorised people alone: no gate
            when min_users is null or min_conversations is null or max_user_share is null then 'missing_setting'
            when users < min_users then 'too_few_users'
            when conversations < min_conversations then 'too_few_conversations'
            when top_user_share > max_user_share or one_voice.cluster_id is not null then 'dominated'
        end as reason
    from counted left join one_voice using (facet, cluster_id) cross join settings
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    users::integer as users,                                           -- distinct people
    conversations::bigint as conversations,
    top_user_share::double as top_user_share,                          -- 0 to 1
    (reason is null)::boolean as passes,
    reason::varchar as reason                                          -- NULL where it passes
from judged
