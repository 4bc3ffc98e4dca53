-- One row per conversation of a Claude.ai export (conversations.json): a tree of messages, read along its current path.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- user: `account.uuid`
-- needs: conversation_id text from uuid, messages list from chat_messages
-- optional: user_id text, account json, created_at time, current_id text from current_leaf_message_uuid
with

nodes as (
    select
        position as conversation,
        unnest(messages -> '$[*]') as turn,
        turn ->> '$.uuid' as message_id,
        turn ->> '$.parent_message_uuid' as parent_id,
        message_id = current_id as is_current,
        clio_time(turn ->> '$.created_at') as created_at,
        generate_subscripts(messages -> '$[*]', 1) as position
    from raw
),

paths as (from clio_current_path('nodes')),

turns as (
    select
        raw.*,
        list_transform(coalesce(paths.turns, []), lambda message: {
            'role': clio_role(message ->> '$.sender'),
            -- newer exports have the text in blocks, older ones in `text` alone;
            -- thinking, images and attached files are left out
            'text': coalesce(nullif(clio_text(message -> '$.content'), ''), message ->> '$.text'),
            'tools': list_filter(
                list_transform(json_extract(message, '$.content[*]')::json[], lambda block: clio_tool(block)),
                lambda tool: tool is not null
            )
        }) as turns
    from raw
    left join paths on paths.conversation = raw.position
)

select
    conversation_id::varchar as conversation_id,
    coalesce(user_id, account ->> '$.uuid')::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    -- An answer's tool results come before its text, which is based on them.
    flatten(list_transform(turns, lambda turn: list_concat(
        list_transform(turn.tools, lambda tool: {
            'role': case tool.kind when 'call' then 'tool_call' when 'failed' then 'tool_error' else 'tool' end,
            'content': tool.content
        }),
        case
            when coalesce(turn.text, '') = '' and len(turn.tools) > 0 then []
            else [{'role': turn.role, 'content': turn.text}]
        end
    )))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- name (the title), updated_at, …
    numbers::map(varchar, double) as numbers
from turns
