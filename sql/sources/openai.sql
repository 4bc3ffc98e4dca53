-- One row per conversation of OpenAI chat JSONL: a line with the list `messages`, mostly without an id.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- needs: messages list from messages or contents
-- optional: conversation_id text from conversation_id or session_id or thread_id or chat_id or
--   metadata.session_id or metadata.conversation_id or id,
-- optional: user_id text, created_at time
select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    clio_messages(messages, null)::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from raw
