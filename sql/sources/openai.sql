-- One row a conversation of OpenAI chat JSONL: a line with the list `messages`, mostly without an id.
-- kind: view
-- grain: conversation_id
-- needs: messages list
-- optional: conversation_id text from conversation_id or id, user_id text from user_id or user,
-- optional: created_at time from created_at or created
with

identified as (
    -- A row without an id gets the md5 of what it holds, and a number for equals: the same
    -- rows get the same ids in each run, whatever other rows come with them.
    select
        *,
        md5(concat_ws(chr(31), user_id, created_at, messages)) as digest,
        row_number() over (partition by digest order by position) as ordinal
    from raw
),

turns as (
    select
        * exclude (messages),
        list_transform(json_extract(messages, '$[*]'), lambda message: {
            'role': lower(message ->> '$.role'),
            'content': case json_type(message, '$.content')
                -- content parts: the texts among them, a line each; images and sound are left out
                when 'ARRAY' then array_to_string(message ->> '$.content[*].text', chr(10))
                else message ->> '$.content'
            end,
            'calls': message ->> '$.tool_calls[*].function.name'
        }) as turns
    from identified
)

select
    coalesce(conversation_id, digest || '-' || ordinal)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as nobody
    created_at::timestamp as created_at,              -- UTC
    -- A message, then a message of role tool for each tool it calls, with the tool's name only.
    flatten(list_transform(turns, lambda turn: list_concat(
        case
            when turn.content is null and len(turn.calls) > 0 then []
            else [{
                'role': case turn.role
                    when 'developer' then 'system'
                    when 'function' then 'tool'
                    else turn.role                    -- an unknown role stays as it is
                end,
                'content': turn.content
            }]
        end,
        list_transform(turn.calls, lambda name: {'role': 'tool', 'content': name})
    )))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata
from turns
