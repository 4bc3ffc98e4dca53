-- One row per conversation tree of OpenAssistant (oasst1, oasst2), built from its messages along the path to the newest.
-- kind: view
-- grain: conversation_id
-- a row is: a message
-- user: `user_id` of the first prompter
-- needs: conversation_id text from message_tree_id, message_id text, parent_id text, text text, role text
-- optional: user_id text, created_at time from created_date, deleted text
with

nodes as (
    select
        conversation_id as conversation,
        message_id,
        parent_id,
        false as is_current,
        created_at,
        position,
        {
            'is_user': clio_role(role) = 'user',
            'user_id': user_id,
            'created_at': created_at,
            'metadata': metadata,
            'numbers': numbers,
            'messages': case
                when deleted is distinct from 'true' then [{'role': clio_role(role), 'content': text}]
            end
        } as turn
    from raw
    where conversation_id is not null
)

select conversation::varchar as conversation_id, * exclude (conversation)
from clio_conversations('nodes')
