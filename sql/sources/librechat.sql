-- One row per conversation of LibreChat, built from its messages (mongoexport of the collection `messages`) along the current path.
-- kind: view
-- grain: conversation_id
-- a row is: a message
-- needs: conversation_id text from conversationId, message_id text from messageId, parent_id text from parentMessageId,
-- needs: is_user text from isCreatedByUser
-- optional: user_id text from user or userId, created_at time from createdAt, text text, content json, error text
with

nodes as (
    select
        conversation_id as conversation,
        message_id,
        parent_id,
        false as is_current,                          -- the newest message is current: LibreChat stores none
        created_at,
        position,
        {
            'is_user': is_user = 'true',
            'user_id': user_id,
            'created_at': created_at,
            'metadata': metadata,
            'numbers': numbers,
            'messages': case when error is distinct from 'true' then clio_messages(json_object(
                'role', if(is_user = 'true', 'user', 'assistant'),
                'content', case
                    when json_array_length(content) > 0 then content
                    -- older versions wrote thoughts into the text
                    else to_json(regexp_replace(text, '(?s):::thinking.*?(:::|\z)\s*', '', 'g'))
                end
            ), 'user') end
        } as turn
    from raw
    where conversation_id is not null
)

select conversation::varchar as conversation_id, * exclude (conversation)
from clio_conversations('nodes')
