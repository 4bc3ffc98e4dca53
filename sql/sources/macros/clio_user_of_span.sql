-- clio_user_of_span(attributes): the id of a span's user in its attributes, a JSON object; NULL if there is none.
create or replace macro clio_user_of_span(attributes) as
    clio_first(attributes, [
        '$."user.id"', '$."enduser.id"', '$."traceloop.association.properties.user_id"',
        '$."ai.telemetry.metadata.userId"', '$."langfuse.user.id"'
    ]);
