-- One row per conversation in the ShareGPT shape: a list of from and value, or of role and content.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- needs: messages list from conversations
-- optional: conversation_id text from id or conversation_id, user_id text, created_at time
select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    clio_messages(messages, null)::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from raw
