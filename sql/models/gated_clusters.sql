-- One row per base cluster: whether enough users share it, and if not, why not. Only what passes is ever named.
-- kind: view
-- grain: facet, cluster_id
-- by: facet, cluster_id
with

per_user as (
    select facet, cluster_id, user_id, count(*) as conversations, bool_or(coalesce(independent, false)) as independent
    from assignments left join independent_texts using (conversation_id, facet)
    group by all
),

counted as (
    select
        facet,
        cluster_id,
        count(user_id) as users,                                       -- rows without a user id add no user
        count(user_id) filter (independent) as independent_users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) as top_user
    from per_user
    group by all
),

-- what was published stays published while it has min_users
published_before as (
    select facet, cluster_id from last_hierarchy where level = 0
),

required as (
    select
        counted.*,
        min_users + case
            when published_before.cluster_id is not null then 0
            else clio_margin(margins.salt, concat_ws('/', 'cluster', facet, cluster_id), cell_margin)
        end as required_users
    from counted left join published_before using (facet, cluster_id) cross join settings cross join margins
),

gated as (
    select
        required.*,
        mode is not distinct from 'safety'                             -- for authorised staff alone: no gate
            or clio_gate(independent_users, conversations, top_user, required_users, min_conversations, max_user_share) as passes
    from required cross join settings
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    users::integer as users,                                           -- distinct users
    conversations::bigint as conversations,
    (top_user / conversations)::double as top_user_share,              -- 0 to 1
    passes::boolean as passes,
    case
        when passes then null
        when min_users is null or min_conversations is null or max_user_share is null then 'missing_setting'
        when users < min_users then 'too_few_users'
        when conversations < min_conversations then 'too_few_conversations'
        when top_user > max_user_share * conversations or independent_users < min_users then 'dominated'
        else 'too_few_users'                                           -- below its margin
    end::varchar as reason                                             -- NULL where it passes
from gated cross join settings
