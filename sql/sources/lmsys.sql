-- One row per conversation of LMSYS-Chat-1M, which has no users and no times.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- user: none: map one; or `--privacy-unit conversation`
-- needs: conversation_id text, messages list from conversation
-- optional: user_id text, created_at time from created_at or timestamp or tstamp
select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL unless a column is mapped to it
    created_at::timestamp as created_at,              -- UTC
    clio_messages(messages, null)::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, language, turn, redacted
    numbers::map(varchar, double) as numbers
from raw
