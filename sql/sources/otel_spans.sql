-- One row per span that OpenTelemetry, OpenInference or Traceloop recorded for a language model, with its attributes in one column.
-- kind: view
-- grain: conversation_id
-- a row is: a span
-- user: `user.id` or `enduser.id` of the attributes
-- needs: attributes json from SpanAttributes or span_attributes or attributes
-- found by: SpanId or context.span_id, TraceId or context.trace_id
-- optional: trace_id text from TraceId or context.trace_id, user_id text from user_id,
-- optional: created_at time from Timestamp or start_time or startTimeUnixNano or start_time_unix_nano
with

spans as (
    select * replace (clio_attributes(attributes) as attributes)
    from raw
),

spoken as materialized (
    select *, clio_span(attributes) as messages
    from spans
)

select
    coalesce(clio_conversation_of_span(attributes), trace_id)::varchar as conversation_id,
    coalesce(user_id, clio_user_of_span(attributes))::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    messages::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- SpanName, ServiceName, …
    numbers::map(varchar, double) as numbers
from spoken
where len(messages) > 0                               -- other spans belong to no conversation
