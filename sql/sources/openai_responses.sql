-- One row per conversation of the OpenAI Responses API, built from its responses along the path to the newest.
-- kind: view
-- grain: conversation_id
-- a row is: a response
-- user: `user` or `user_id`; else `safety_identifier`
-- needs: input json from input or request.input or body.input, output json from output or response.output or
--   response_body.output,
-- needs: chain json from previous_response_id or conversation or request.previous_response_id or
--   body.previous_response_id or response.previous_response_id or request.conversation or response.conversation
-- optional: response_id text from response.id or response_body.id or id or response_id,
-- optional: previous_id text from previous_response_id or request.previous_response_id or body.previous_response_id or
--   response.previous_response_id,
-- optional: conversation json from conversation or request.conversation or response.conversation,
-- optional: user_id text from user or user_id or request.user or body.user,
-- optional: safe_user_id text from safety_identifier or request.safety_identifier or body.safety_identifier,
-- optional: created_at time from created_at or response.created_at or timestamp or created or time or ts,
-- optional: instructions json from instructions or request.instructions or body.instructions
with

responses as (
    select
        *,
        coalesce(conversation ->> '$.id', conversation ->> '$') as given_id,
        row_number() over (order by position) as number
    from raw
),

followed as (
    select responses.number, min(previous.number) as previous
    from responses
    left join responses as previous on previous.response_id = responses.previous_id
    group by responses.number
),

-- Doubling: before step k each response knows the one 2^k before it, or the first of its chain.
chains as (
    select list_reduce(
        range(ceil(log2(count(*)))::bigint + 1),
        lambda firsts, step: list_transform(firsts, lambda number: firsts[number]),
        list(coalesce(previous, number) order by number)
    ) as firsts
    from followed
),

firsts as (select unnest(firsts) as first, generate_subscripts(firsts, 1) as number from chains),

known as (
    select
        responses.*,
        coalesce(responses.given_id, first.given_id, first.response_id) as id,
        {'id': id, 'number': if(id is null, responses.number, null)} as conversation_key,
        row_number() over (partition by conversation_key order by responses.created_at, responses.position) = 1 as is_first
    from responses
    join firsts on firsts.number = responses.number
    join responses as first on first.number = firsts.first
),

nodes as (
    select
        conversation_key as conversation,
        response_id as message_id,
        previous_id as parent_id,
        false as is_current,
        created_at,
        position,
        {
            'is_user': true,
            'user_id': coalesce(user_id, safe_user_id),
            'created_at': created_at,
            'metadata': metadata,
            'numbers': numbers,
            'messages': list_filter(
                list_concat(
                    if(is_first, clio_messages(instructions, 'system'), []),
                    clio_messages(input, 'user'),
                    clio_messages(output, 'assistant')
                ),
                lambda said: said.content != ''
            )
        } as turn
    from known
)

select conversation.id::varchar as conversation_id, * exclude (conversation)
from clio_conversations('nodes')
