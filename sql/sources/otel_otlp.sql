-- One row per span of a language model in OTLP JSON, the file format of an OpenTelemetry collector.
-- kind: view
-- grain: conversation_id
-- a row is: a file
-- user: `user.id` or `enduser.id` of the attributes
-- needs: resource_spans list from resourceSpans or resource_spans
with

spans as (
    select
        unnest(list_concat(
            json_extract(resource_spans, '$[*].scopeSpans[*].spans[*]')::json[],
            json_extract(resource_spans, '$[*].scope_spans[*].spans[*]')::json[],
            json_extract(resource_spans, '$[*].instrumentationLibrarySpans[*].spans[*]')::json[]
        )) as span
    from raw
),

read as (
    select
        span,
        -- the messages may be in the events of a span
        clio_attributes(to_json(list_concat(
            json_extract(span, '$.attributes[*]')::json[], json_extract(span, '$.events[*].attributes[*]')::json[]
        ))) as attributes
    from spans
),

spoken as materialized (
    select
        *,
        case
            when len(clio_span(attributes)) > 0 then clio_span(attributes)
            else clio_events(span -> '$.events')
        end as messages
    from read
)

select
    coalesce(clio_conversation_of_span(attributes), clio_first(span, ['$.traceId', '$.trace_id']))
    ::varchar as conversation_id,
    clio_user_of_span(attributes)::varchar as user_id,   -- NULL counts as no user
    clio_time(clio_first(span, ['$.startTimeUnixNano', '$.start_time_unix_nano']))
    ::timestamp as created_at,                        -- UTC
    messages::struct(role varchar, content varchar)[] as messages,
    map {'name': span ->> '$.name', 'model': attributes ->> '$."gen_ai.request.model"'}
    ::map(varchar, varchar) as metadata,
    map_from_entries(list_filter(
        list_transform(
            ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
            lambda name: struct_pack(key := name, value := try_cast(attributes ->> ('$."' || name || '"') as double))
        ),
        lambda entry: entry.value is not null
    ))::map(varchar, double) as numbers
from spoken
where len(messages) > 0                               -- other spans belong to no conversation
