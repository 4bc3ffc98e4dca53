-- One row per request in batch files of OpenAI, Anthropic or Bedrock, with its result; if both files are given, from both.
-- kind: view
-- grain: conversation_id
-- a row is: a request or a result
-- user: `user` or `metadata.user_id` of the request
-- needs: conversation_id text from custom_id or recordId
-- found by: response.body or response.status_code or result.type or params.messages or body.messages or body.input or
--   modelInput.messages or modelOutput.content
-- optional: body json, params json from params or modelInput, response json, result json from result or modelOutput,
-- optional: user_id text
with

-- the nth request of an id belongs to its nth result
counted as (
    select
        * exclude (body, params, response, result),
        coalesce(body, params) as request,                                 -- OpenAI's, and that of the others
        coalesce(response -> '$.body', result -> '$.message', response, result) as response,
        row_number() over (partition by conversation_id, request is null order by position) as nth
    from raw
),

pairs as (
    select
        conversation_id,
        any_value(user_id) as user_id,
        any_value(request) as request,
        any_value(response) as response,
        arg_min(metadata, position) as metadata,
        arg_min(numbers, position) as numbers
    from counted
    group by conversation_id, nth
)

select
    conversation_id::varchar as conversation_id,      -- custom_id
    coalesce(user_id, clio_first(request, ['$.user', '$.metadata.user_id']))::varchar as user_id,
    clio_time(clio_first(response, ['$.created', '$.created_at']))
    ::timestamp as created_at,                        -- when it was answered, UTC; Anthropic's have none
    list_concat(
        clio_system(coalesce(request -> '$.system', request -> '$.instructions')),
        clio_joined(clio_request(request), clio_answer(response))
    )::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from pairs
