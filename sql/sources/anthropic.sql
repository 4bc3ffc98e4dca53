-- One row per conversation of Anthropic Messages API requests, with their responses if they were logged.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- user: `metadata.user_id`
-- needs: messages list
-- found by: max_tokens
-- optional: conversation_id text from conversation_id or session_id or id or custom_id, user_id text, created_at time,
-- optional: system json, response json, request_metadata json from metadata
select
    conversation_id::varchar as conversation_id,
    coalesce(user_id, request_metadata ->> '$.user_id')::varchar as user_id,   -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    list_concat(
        case when system is null then [] else [{'role': 'system', 'content': clio_text(system)}] end,
        clio_joined(clio_messages(messages, null), clio_answer(response))
    )::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, max_tokens, …
    numbers::map(varchar, double) as numbers
from raw
