-- One row per session of Claude Code, built from its transcript (a row is a message or an event) along the current path.
-- kind: view
-- grain: conversation_id
-- a row is: a message
-- user: none: `--user NAME`
-- needs: conversation_id text from sessionId, parent_id text from parentUuid, message json
-- optional: user_id text, created_at time, message_id text from uuid, is_side_chain text from isSidechain,
-- optional: logical_parent_id text from logicalParentUuid, is_meta text from isMeta, is_summary text from isCompactSummary,
-- optional: attachment json
with

events as (
    select
        * replace (case
            -- typed while the model was working
            when (attachment ->> '$.type') = 'queued_command'
                then json_object('role', 'user', 'content', attachment -> '$.prompt')
            else message
        end as message),
        coalesce((message ->> '$.role') in ('user', 'assistant'), false) as is_message
    from raw
    -- a side chain is a conversation between models
    where conversation_id is not null and message_id is not null and is_side_chain is distinct from 'true'
),

nodes as (
    select
        conversation_id as conversation,
        message_id,
        -- a session continues after the summary of its earlier part
        coalesce(parent_id, logical_parent_id, case when is_summary = 'true' then lag(message_id) over (
            partition by conversation_id order by created_at, position
        ) end) as parent_id,
        is_message and position = arg_max(position, (created_at, position)) filter (is_message) over (
            partition by conversation_id
        ) as is_current,
        created_at,
        position,
        {
            'is_user': (message ->> '$.role') = 'user',
            'user_id': user_id,
            'created_at': created_at,
            'metadata': metadata,
            'numbers': numbers,
            'messages': case
                when is_message and is_meta is distinct from 'true' and is_summary is distinct from 'true'
                    then list_filter(
                        list_transform(clio_messages(message, 'user'), lambda said: {
                            'role': said.role,
                            'content': if(said.role = 'user', clio_own_words(said.content), said.content)
                        }),
                        lambda said: starts_with(said.role, 'tool') or said.content != ''
                    )
            end
        } as turn
    from events
)

select conversation::varchar as conversation_id, * exclude (conversation)
from clio_conversations('nodes')                      -- no row names a user: --user
where len(messages) > 0
