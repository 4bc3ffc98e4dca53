-- One row per run of a LangSmith export that a language model answered.
-- kind: view
-- grain: conversation_id
-- a row is: a run
-- user: `extra.metadata.user_id`
-- needs: inputs content, outputs content, run_type text
-- optional: own_id text from id, trace_id text, parent_run_id text, extra json, run_metadata json from metadata,
-- optional: user_id text from user_id, thread_id text from thread_id, created_at time from start_time
with

-- The chains around a model's run repeat its content; if there is no model's run, the outermost is all there is.
spoken as (
    select *, list_filter([run_metadata, extra -> '$.metadata'], lambda found: found is not null)[1] as told
    from raw
    where run_type in ('llm', 'chain', 'prompt') or parent_run_id is null
    qualify run_type = 'llm' or parent_run_id is null
        and not bool_or(run_type = 'llm') over (partition by coalesce(trace_id, own_id, position::varchar))
)

select
    -- session_id is the project
    coalesce(
        thread_id, clio_first(told, ['$.thread_id', '$.session_id', '$.conversation_id']), trace_id, own_id
    )::varchar as conversation_id,
    coalesce(user_id, clio_first(told, ['$.user_id', '$.userId', '$.user', '$.ls_user_id']))::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    clio_joined(clio_request(inputs), clio_answer(outputs))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- name, error, …
    numbers::map(varchar, double) as numbers          -- total_tokens, total_cost, …
from spoken
