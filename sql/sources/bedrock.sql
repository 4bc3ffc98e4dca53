-- One row per request in the model invocation log of Amazon Bedrock.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- user: `requestMetadata.user_id` or `metadata.user_id` of the request
-- needs: input json, output json, model_id text from modelId
-- found by: requestId, operation or schemaType
-- optional: request_id text from requestId, request_metadata json from requestMetadata,
-- optional: user_id text from user_id, created_at time from timestamp
with

bodies as (
    select
        *,
        input -> '$.inputBodyJson' as request,
        -- a streamed answer is logged in pieces
        case json_type(output, '$.outputBodyJson')
            when 'ARRAY' then to_json(array_to_string(output ->> '$.outputBodyJson[*].delta.text', ''))
            else output -> '$.outputBodyJson'
        end as response
    from raw
)

select
    coalesce(
        clio_first(request_metadata, ['$.session_id', '$.sessionId', '$.conversation_id', '$.conversationId']),
        request_id
    )::varchar as conversation_id,
    -- never the identity of the caller, which is the role of a service
    coalesce(
        user_id,
        clio_first(request_metadata, ['$.user_id', '$.userId', '$.user']),
        request ->> '$.metadata.user_id'
    )::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    list_concat(
        clio_system(request -> '$.system'),
        clio_joined(clio_request(request), clio_answer(response))
    )::struct(role varchar, content varchar)[] as messages,
    map_concat(metadata, map {'modelId': model_id})::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from bodies
