-- One row a conversation that is already in the canonical shape: a list of role and content.
-- kind: view
-- grain: conversation_id
-- needs: conversation_id text, messages list
-- optional: user_id text, created_at time, own_metadata json from metadata
with

turns as (
    select
        * exclude (messages),
        list_transform(json_extract(messages, '$[*]'), lambda message: {
            'role': lower(message ->> '$.role'),
            'content': case json_type(message, '$.content')
                -- content parts: the texts among them, a line each
                when 'ARRAY' then array_to_string(message ->> '$.content[*].text', chr(10))
                else message ->> '$.content'
            end
        }) as turns
    from raw
),

normalised as (
    select
        * exclude (turns),
        list_transform(turns, lambda turn: {
            'role': case
                when turn.role in ('human', 'prompter') then 'user'
                when turn.role in ('gpt', 'bot', 'model', 'ai', 'chatgpt', 'claude') then 'assistant'
                when turn.role = 'developer' then 'system'
                when turn.role in ('function', 'tool_use', 'tool_result') then 'tool'
                else turn.role                        -- an unknown role stays as it is
            end,
            'content': turn.content
        }) as messages
    from turns
)

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as nobody
    created_at::timestamp as created_at,              -- UTC
    messages::struct(role varchar, content varchar)[] as messages,   -- in the order given
    map_concat(                                       -- a metadata column of its own first
        coalesce(try_cast(own_metadata as map(varchar, varchar)), map {}),
        metadata
    )::map(varchar, varchar) as metadata
from normalised
