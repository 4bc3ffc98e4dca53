-- One row per chat of Open WebUI, from an export or its table `chat` (webui.db::chat): a tree of messages, read along its current path.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- needs: conversation_id text from id, chat json
-- found by: chat.history or chat.messages
-- optional: user_id text, created_at time
with

chats as (
    select
        position,
        chat ->> '$.history.currentId' as current_id,
        case json_type(chat, '$.history.messages')
            when 'OBJECT' then chat -> '$.history.messages.*'
            else chat -> '$.messages[*]'              -- a chat without a tree
        end as messages
    from raw
),

nodes as (
    select
        position as conversation,
        unnest(messages) as turn,
        turn ->> '$.id' as message_id,
        turn ->> '$.parentId' as parent_id,
        message_id = current_id as is_current,
        try_cast(turn ->> '$.timestamp' as double) as created_at,
        generate_subscripts(messages, 1) as position
    from chats
),

paths as (from clio_current_path('nodes'))

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    coalesce(clio_messages(to_json(turns), 'user'), [])
    ::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- title, updated_at, archived, …
    numbers::map(varchar, double) as numbers
from raw
left join paths on paths.conversation = raw.position
