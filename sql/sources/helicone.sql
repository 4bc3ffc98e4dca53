-- One row per request of a Helicone export.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- needs: request content from request_body, response content from response_body
-- found by: request_created_at or request_user_id or request_properties or helicone_user
-- optional: request_id text, properties json from request_properties or properties,
-- optional: user_id text from request_user_id or user_id or helicone_user, created_at time from request_created_at
select
    coalesce(clio_first(properties, ['$."Helicone-Session-Id"', '$.session_id']), request_id)
    ::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    list_concat(
        clio_system(clio_json(request) -> '$.system'),
        clio_joined(clio_request(request), clio_answer(response))
    )::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, provider, status, …
    numbers::map(varchar, double) as numbers          -- delay_ms, tokens, cost
from raw
