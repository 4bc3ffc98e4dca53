-- One row a group of near-identical requests that several accounts made within a base cluster. Empty in any other mode.
-- kind: view
-- grain: facet, cluster_id, first_conversation_id
with

-- what people wrote first, without case, digits and marks: 'Order 12!' and 'order 13' are one request
asked as (
    select
        conversation_id, user_id, created_at,
        trim(regexp_replace(
            lower(list_filter(messages, lambda message: message.role = 'user')[1].content), '[^\p{L}]+', ' ', 'g'
        )) as request
    from conversations
    cross join settings
    where mode = 'safety'
),

written as (
    select
        assignments.facet, assignments.cluster_id, asked.conversation_id, asked.user_id, asked.created_at,
        embeddings.embedding, near_identical,
        -- the first conversation of each text speaks for it; one without a text speaks for itself
        min(asked.conversation_id) over (
            partition by assignments.facet, assignments.cluster_id, coalesce(nullif(asked.request, ''), asked.conversation_id)
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

-- every text of the cluster goes to the first leader that means the same
near as (
    select
        leaders.facet, leaders.cluster_id, leaders.leader_id,
        min(other.leader_id) as group_id
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
        written.facet, written.cluster_id, near.group_id,
        count(*) as conversations,
        count(distinct user_id) as accounts,
        count(distinct written.leader_id) as wordings,
        min(created_at) as first_at,
        max(created_at) as last_at
    from written
    inner join near
        on near.facet = written.facet and near.cluster_id = written.cluster_id and near.leader_id = written.leader_id
    group by all
)

select
    grouped.facet::varchar as facet,
    grouped.cluster_id::varchar as cluster_id,
    grouped.group_id::varchar as first_conversation_id,        -- by id; stands for the group
    facet_values.value::varchar as request,                    -- what it asks for
    grouped.accounts::bigint as accounts,                      -- distinct users, at least min_accounts
    grouped.conversations::bigint as conversations,
    grouped.wordings::bigint as wordings,                      -- 1: word for word the same
    grouped.first_at::timestamp as first_at,
    grouped.last_at::timestamp as last_at
from grouped
inner join facet_values on facet_values.conversation_id = grouped.group_id and facet_values.facet = grouped.facet
cross join settings
where grouped.accounts >= min_accounts
order by accounts desc, conversations desc, facet, cluster_id, first_conversation_id
