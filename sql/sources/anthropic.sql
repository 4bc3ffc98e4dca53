-- One row a conversation of Anthropic Messages API requests, with their responses if they were logged.
-- kind: view
-- grain: conversation_id
-- a row is: a request
-- needs: messages list
-- found by: max_tokens
-- optional: conversation_id text from conversation_id or session_id or id or custom_id, user_id text, created_at time,
-- optional: system json, response json, request_metadata json from metadata
with

identified as (
    -- A row without an id gets the md5 of what it holds, and a number for equals: the same
    -- rows get the same ids in each run, whatever other rows come with them.
    select
        * replace (coalesce(user_id, request_metadata ->> '$.user_id') as user_id),
        md5(concat_ws(chr(31), user_id, request_metadata, created_at, system, messages, response)) as digest,
        row_number() over (partition by digest order by position) as ordinal
    from raw
)

select
    coalesce(conversation_id, digest || '-' || ordinal)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- metadata.user_id; NULL counts as nobody
    created_at::timestamp as created_at,              -- UTC
    list_concat(
        case when system is null then [] else [{'role': 'system', 'content': clio_text(system)}] end,
        clio_joined(clio_messages(messages, null), clio_answer(response))
    )::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, max_tokens, …
    numbers::map(varchar, double) as numbers
from identified
