-- One row per span that OpenTelemetry recorded for a language model, with a column for each attribute.
-- kind: view
-- grain: conversation_id
-- a row is: a span
-- needs: input content from gen_ai.input.messages or attributes.gen_ai.input.messages or
--   span_attributes.gen_ai.input.messages,
-- optional: output content from gen_ai.output.messages or attributes.gen_ai.output.messages or
--   span_attributes.gen_ai.output.messages,
-- optional: instructions content from gen_ai.system_instructions or attributes.gen_ai.system_instructions,
-- optional: conversation_id text from gen_ai.conversation.id or attributes.gen_ai.conversation.id or
--   session.id or attributes.session.id,
-- optional: user_id text from user.id or attributes.user.id or enduser.id or attributes.enduser.id or user_id,
-- optional: trace_id text, created_at time
with

spoken as materialized (
    select * exclude (input), clio_request(input) as messages
    from raw
)

select
    coalesce(conversation_id, trace_id)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    list_concat(clio_system(instructions), clio_joined(messages, clio_answer(output)))
    ::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers          -- tokens, …
from spoken
where len(messages) > 0                               -- other spans belong to no conversation
