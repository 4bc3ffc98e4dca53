-- One row a conversation, put together from a table of one row a message.
-- kind: view
-- grain: conversation_id
-- needs: conversation_id text, role text, content text
-- optional: user_id text, created_at time from created_at or timestamp or time
with

turns as (
    select
        * replace (case
            when lower(role) in ('human', 'prompter') then 'user'
            when lower(role) in ('gpt', 'bot', 'model', 'ai', 'chatgpt', 'claude') then 'assistant'
            when lower(role) = 'developer' then 'system'
            when lower(role) in ('function', 'tool_use', 'tool_result') then 'tool'
            else lower(role)                          -- an unknown role stays as it is
        end as role),
        -- messages without a conversation are never put together: they may be of different people
        case when conversation_id is null then position end as stray
    from raw
),

conversations as (
    select
        conversation_id,
        stray,
        -- by time, then as they stand in the input; a message without a time comes last
        -- (sorted afterwards: list(… order by …) takes twice the memory)
        list_sort(list({
            'at': coalesce(created_at, 'infinity'::timestamp),
            'position': position,
            'role': role,
            'content': content
        })) as turns,
        min(created_at) as created_at,
        -- whose conversation it is: not the id of whoever answered
        arg_min(user_id, position) filter (
            user_id is not null and coalesce(role, '') not in ('assistant', 'system', 'tool')
        ) as user_id,
        coalesce(
            arg_min(metadata, position) filter (role = 'user'),
            arg_min(metadata, position)
        ) as metadata
    from turns
    group by conversation_id, stray
)

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- of the first row by a person; NULL counts as nobody
    created_at::timestamp as created_at,              -- of the earliest message, UTC
    list_transform(turns, lambda turn: {'role': turn.role, 'content': turn.content})
    ::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata       -- of the first message by a user, or the first
from conversations
