-- One row per trace or observation of a Langfuse export.
-- kind: view
-- grain: conversation_id
-- a row is: a trace or an observation
-- needs: input content, output content
-- found by: traceId or bookmarked or observationCount or observations or release
-- optional: session_id text, trace_id text from traceId, own_id text from id, type text,
-- optional: user_id text, created_at time from timestamp or startTime or createdAt
with

-- The spans around a generation repeat its content; if there is no generation, they are all there is.
spoken as (
    select *
    from raw
    where coalesce(upper(type), '') not in ('EVENT', 'TOOL', 'RETRIEVER', 'EMBEDDING', 'EVALUATOR', 'GUARDRAIL')
    qualify coalesce(upper(type), '') not in ('SPAN', 'AGENT', 'CHAIN')
        or not bool_or(upper(type) = 'GENERATION') over (partition by coalesce(trace_id, own_id, position::varchar))
)

select
    coalesce(session_id, trace_id, own_id)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    clio_joined(clio_request(input), clio_answer(output))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- name, environment, model, level, …
    numbers::map(varchar, double) as numbers          -- latency, totalCost, …
from spoken
