-- One row per group of near-identical requests that several accounts made. Empty in any other mode.
-- The same wording is found across all clusters; wordings that mean the same are grouped within a base cluster.
-- kind: view
-- grain: facet, first_conversation_id
with

-- what users wrote first, without case, digits and punctuation: 'Order 12!' and 'order 13' are one request
asked as (
    select
        conversation_id, user_id, created_at,
        trim(regexp_replace(
            lower(list_filter(messages, lambda message: message.role = 'user')[1].content), '[^\p{L}]+', ' ', 'g'
        )) as request
    from segments
    cross join settings
    where mode = 'safety'
),

written as (
    select
        assignments.facet, assignments.cluster_id, asked.conversation_id, asked.user_id, asked.created_at,
        embeddings.embedding, near_identical,
        -- the first conversation of each wording represents it; one without words represents itself
        min(asked.conversation_id) over (
            partition by assignments.facet, coalesce(nullif(asked.request, ''), asked.conversation_id)
        ) as leader_id
    from asked
    inner join assignments using (conversation_id)
    inner join embeddings
        on embeddings.conversation_id = asked.conversation_id and embeddings.facet = assignments.facet
    cross join settings
),

leaders as (
    select facet, cluster_id, conversation_id as leader_id, embedding, near_identical
    from written
    where conversation_id = leader_id
),

-- each wording goes to the first wording of its cluster that means the same
near as (
    select leaders.facet, leaders.leader_id, min(other.leader_id) as group_id
    from leaders
    inner join leaders as other
        on other.facet = leaders.facet and other.cluster_id = leaders.cluster_id
        and (
            other.leader_id = leaders.leader_id
            or list_dot_product(other.embedding::float[], leaders.embedding::float[]) >= leaders.near_identical
        )
    group by all
),

grouped as (
    select
        written.facet, near.group_id,
        count(*) as conversations,
        count(distinct user_id) as accounts,
        count(distinct written.leader_id) as wordings,
        min(created_at) as first_at,
        max(created_at) as last_at
    from written
    inner join near on near.facet = written.facet and near.leader_id = written.leader_id
    group by all
)

select
    grouped.facet::varchar as facet,
    leaders.cluster_id::varchar as cluster_id,                 -- of the first conversation
    grouped.group_id::varchar as first_conversation_id,        -- by id; identifies the group
    facet_values.value::varchar as request,                    -- what the first conversation asks for
    grouped.accounts::bigint as accounts,                      -- distinct users, at least min_accounts
    grouped.conversations::bigint as conversations,
    grouped.wordings::bigint as wordings,                      -- 1: word for word the same
    grouped.first_at::timestamp as first_at,
    grouped.last_at::timestamp as last_at
from grouped
inner join leaders on leaders.facet = grouped.facet and leaders.leader_id = grouped.group_id
inner join facet_values on facet_values.conversation_id = grouped.group_id and facet_values.facet = grouped.facet
cross join settings
where grouped.accounts >= min_accounts
order by accounts desc, conversations desc, facet, cluster_id, first_conversation_id
