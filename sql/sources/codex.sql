-- One row per session of Codex, built from its rollout: one row about the session, then one row per item.
-- kind: view
-- grain: conversation_id
-- a row is: a message
-- user: none: `--user NAME`
-- needs: type text, created_at time, payload json from payload or record_type
-- optional: older_id text from id, user_id text, role text, content json, name text, output json
with

items as (
    select
        position,
        created_at,
        user_id,
        metadata,
        numbers,
        -- until September 2025 an item was the row itself, and the session a row without a type
        if(json_type(payload) = 'OBJECT', payload, json_object(
            'type', type, 'role', role, 'content', content, 'name', name, 'output', output
        )) as item,
        case
            when type = 'session_meta' then payload ->> '$.id'
            when type is null and payload is null then older_id
        end as session_id,
        coalesce(type, '') in ('session_meta', 'turn_context', 'event_msg', 'compacted') as is_event
    from raw
),

sessions as (
    select *, max(if(session_id is not null, position, null)) over (order by position) as session
    from items
),

nodes as (
    select
        session as conversation,
        null::varchar as message_id,
        null::varchar as parent_id,
        false as is_current,
        created_at,
        position,
        {
            'is_user': (item ->> '$.role') = 'user',
            'user_id': user_id,
            'created_at': created_at,
            'metadata': metadata,
            'numbers': numbers,
            'messages': list_filter(
                list_transform(clio_messages(json_array(item), 'tool'), lambda said: {
                    'role': said.role,
                    'content': if(said.role = 'user', clio_own_words(said.content), said.content)
                }),
                lambda said: said.content != ''
            )
        } as turn
    from sessions
    where not is_event and (item ->> '$.type') in (
        'message', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'
    )
)

select
    items.session_id::varchar as conversation_id,
    conversations.* exclude (conversation)
        replace (coalesce(conversations.created_at, items.created_at) as created_at)
from clio_conversations('nodes') as conversations     -- no row names a user: --user
left join items on items.position = conversations.conversation
