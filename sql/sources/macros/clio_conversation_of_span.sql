-- clio_conversation_of_span(attributes): the id of a span's conversation in its attributes, a JSON object; NULL if there is none.
create or replace macro clio_conversation_of_span(attributes) as
    clio_first(attributes, [
        '$."gen_ai.conversation.id"', '$."session.id"', '$."traceloop.association.properties.session_id"',
        '$."ai.telemetry.metadata.sessionId"', '$."langfuse.session.id"'
    ]);
