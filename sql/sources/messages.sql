-- One row per conversation, built from a table with one row per message.
-- kind: view
-- grain: conversation_id
-- a row is: a message
-- user: `user_id` of the first message that is a person's
-- needs: conversation_id text,
-- needs: role text from role or author.role or author or sender or speaker or from or message.role or message.type or type,
-- needs: content content from parts or content or text or utterance or message.data.content or message.content or message
-- optional: user_id text, created_at time
with

turns as (
    select
        * replace (clio_role(role) as role, clio_text(clio_parsed(content)) as content),
        -- messages without a conversation are never combined: they may be from different users
        case when conversation_id is null then position end as stray
    from raw
),

conversations as (
    select
        conversation_id,
        stray,
        -- by time, then in the order of the input; a message without a time comes last
        -- (sorted afterwards: list(… order by …) takes twice the memory)
        list_sort(list({
            'at': coalesce(created_at, 'infinity'::timestamp),
            'position': position,
            'role': role,
            'content': content
        })) as turns,
        min(created_at) as created_at,
        -- the user of the conversation: not the id of whoever answered
        arg_min(user_id, position) filter (
            user_id is not null and coalesce(role, '') not in ('assistant', 'system', 'tool', 'tool_call', 'tool_error')
        ) as user_id,
        -- the other columns: from the first message by a user, or the first of all
        coalesce(
            arg_min(metadata, position) filter (role = 'user'),
            arg_min(metadata, position)
        ) as metadata,
        coalesce(
            arg_min(numbers, position) filter (role = 'user'),
            arg_min(numbers, position)
        ) as numbers
    from turns
    group by conversation_id, stray
)

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- from the first row by a user; NULL counts as no user
    created_at::timestamp as created_at,              -- of the earliest message, UTC
    list_transform(turns, lambda turn: {'role': turn.role, 'content': turn.content})
    ::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from conversations
