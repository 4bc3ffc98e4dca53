-- One row per request to a chat API with all messages so far, and the response to it.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- needs: messages list from messages or request.messages or request_body.messages or body.messages or contents or
--   request.contents or full_request.contents,
-- needs: response content from response or output or response_body or completion or answer or reply or full_response,
-- optional: conversation_id text from conversation_id or session_id or thread_id or chat_id or
--   metadata.session_id or metadata.conversation_id or id or request_id or custom_id,
-- optional: user_id text from user_id or user.id or user or end_user or metadata.user_id or request.user or
--   body.user,
-- optional: created_at time, instructions content from system or instructions or request.system or body.system or
--   systemInstruction or request.systemInstruction
select
    conversation_id::varchar as conversation_id,      -- NULL if the log has none
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    case when len(messages) > 0 then list_concat(
        clio_system(instructions),
        clio_joined(clio_messages(messages, null), clio_answer(response))
    ) end::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, status, …
    numbers::map(varchar, double) as numbers          -- cost, tokens, latency, …
from raw
