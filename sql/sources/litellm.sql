-- One row per request in LiteLLM_SpendLogs, the table of a LiteLLM proxy.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- user: `end_user`; else `user`
-- needs: request_id text, messages content, response content
-- found by: call_type, startTime
-- optional: session_id text, end_user_id text from end_user, user_id text from user, created_at time from startTime,
-- optional: proxy_server_request content
select
    coalesce(session_id, request_id)::varchar as conversation_id,
    coalesce(end_user_id, user_id)::varchar as user_id,   -- the user that the request is for, else the owner of the key
    created_at::timestamp as created_at,              -- UTC
    -- {} means that nothing is stored: the proxy keeps prompts only if told to, in some versions together with the request
    list_transform(
        [clio_request(list_filter(
            [clio_json(messages), clio_json(proxy_server_request)],
            lambda request: json_type(request, '$[0]') = 'OBJECT' or json_type(request, '$.messages') = 'ARRAY'
                or json_type(request, '$.input') in ('ARRAY', 'VARCHAR')
        )[1])],
        lambda request: case when len(request) > 0 then clio_joined(request, clio_answer(response)) end
    )[1]::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, call_type, team_id, status, …
    numbers::map(varchar, double) as numbers          -- spend, tokens
from raw
