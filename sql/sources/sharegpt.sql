-- One row a conversation in the ShareGPT shape: a list of from and value.
-- kind: view
-- grain: conversation_id
-- needs: messages list from conversations
-- optional: conversation_id text from id or conversation_id, user_id text, created_at time
with

identified as (
    -- A row without an id gets the md5 of what it holds, and a number for equals: the same
    -- rows get the same ids in each run, whatever other rows come with them.
    select
        *,
        md5(concat_ws(chr(31), user_id, created_at, messages)) as digest,
        row_number() over (partition by digest order by position) as ordinal
    from raw
)

select
    coalesce(conversation_id, digest || '-' || ordinal)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as nobody
    created_at::timestamp as created_at,              -- UTC
    list_transform(json_extract(messages, '$[*]'), lambda message: {
        'role': case
            when lower(message ->> '$.from') in ('human', 'user') then 'user'
            when lower(message ->> '$.from') in ('gpt', 'chatgpt', 'bot', 'bing', 'bard', 'model', 'claude')
                then 'assistant'
            when lower(message ->> '$.from') in ('function', 'function_call', 'function_response')
                then 'tool'
            when lower(message ->> '$.from') = 'observation' then 'tool'
            else lower(message ->> '$.from')          -- an unknown role stays as it is
        end,
        'content': message ->> '$.value'
    })::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata
from identified
