-- One row per exchange: what a user wrote and what was answered.
-- kind: view
-- grain: conversation_id
-- a row is: an exchange
-- needs: prompt content from prompt or question or instruction or query or user_message or user_prompt or
--   user_input or input or input.messages or request.input or request.prompt or body.input or body.prompt,
-- needs: response content from response or answer or completion or output or assistant_message or
--   assistant_response or model_response or reply or
--   output.messages or output.text or response_body,
-- optional: conversation_id text from conversation_id or session_id or thread_id or chat_id or id or request_id,
-- optional: user_id text from user_id or user.id or user or end_user or metadata.user_id or request.user or
--   body.user or from_end_user_id,
-- optional: created_at time, input content, instructions content from system_prompt or system or
--   instructions
select
    conversation_id::varchar as conversation_id,      -- NULL if the log has none
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    list_concat(
        clio_system(instructions),
        clio_joined(
            list_concat(
                clio_request(prompt),
                -- next to an instruction is the text that it is about
                case when input is distinct from prompt then list_filter(
                    [{'role': 'user', 'content': clio_text(input)}], lambda message: message.content <> ''
                ) end
            ),
            clio_answer(response)
        )
    )::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from raw
