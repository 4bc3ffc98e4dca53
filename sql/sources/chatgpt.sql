-- One row per conversation of a ChatGPT export (conversations.json): a tree of messages, read along its current path.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- user: none: `--user NAME`
-- needs: mapping json
-- optional: conversation_id text, older_id text from id, user_id text, created_at time,
-- optional: current_node text
with

nodes as (
    select
        position as conversation,
        unnest(json_keys(mapping)) as message_id,
        unnest(mapping -> '$.*') as node,
        node ->> '$.parent' as parent_id,
        message_id = current_node as is_current,
        try_cast(node ->> '$.message.create_time' as double) as created_at,
        generate_subscripts(json_keys(mapping), 1) as position,
        node -> '$.message' as turn
    from raw
),

shown as (
    select
        conversation,
        list_filter(turns, lambda message: (message ->> '$.author.role') is not null and not coalesce(
            (message ->> '$.metadata.is_visually_hidden_from_conversation') = 'true'
            or (message ->> '$.channel') = 'analysis'
            or (message ->> '$.content.content_type') in (
                'thoughts', 'reasoning_recap', 'user_editable_context', 'model_editable_context'
            ), false
        )) as messages
    from clio_current_path('nodes')
)

select
    coalesce(conversation_id, older_id)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- an export is of one user, but does not name them: --user
    created_at::timestamp as created_at,              -- UTC
    list_transform(messages, lambda message: case
        -- a call of a tool: its name
        when coalesce(message ->> '$.recipient', 'all') != 'all'
            then {'role': 'tool_call', 'content': message ->> '$.recipient'}
        else {
            'role': clio_role(message ->> '$.author.role'),
            'content': coalesce(                      -- code and its output have no parts
                nullif(clio_text(message -> '$.content'), ''),
                message ->> '$.content.text',
                message ->> '$.content.result'
            )
        }
    end)::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- title, default_model_slug, …
    numbers::map(varchar, double) as numbers
from raw
left join shown on shown.conversation = raw.position
