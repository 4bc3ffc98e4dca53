-- One row a conversation of Anthropic Messages API requests, with their responses if they were logged.
-- kind: view
-- grain: conversation_id
-- needs: messages list
-- found by: max_tokens
-- optional: conversation_id text from conversation_id or id or custom_id, user_id text, created_at time,
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
),

whole as (
    select
        * exclude (messages),
        list_concat(
            case when system is null then [] else [json_object('role', 'system', 'content', system)] end,
            json_extract(messages, '$[*]'),
            case when json_type(response, '$.content') = 'ARRAY' then [response] else [] end
        ) as messages
    from identified
),

blocks as (
    select
        * exclude (messages),
        list_transform(messages, lambda message: {
            'role': lower(message ->> '$.role'),      -- an unknown role stays as it is
            'text': case when json_type(message, '$.content') != 'ARRAY' then message ->> '$.content' end,
            'blocks': json_extract(message, '$.content[*]')
        }) as messages
    from whole
),

turns as (
    select
        * exclude (messages),
        list_transform(messages, lambda message: {
            'role': message.role,
            -- content is a string or a list of blocks; thinking, images and documents are left out
            'text': coalesce(message.text, array_to_string(list_transform(
                list_filter(message.blocks, lambda block: (block ->> '$.type') = 'text'),
                lambda block: block ->> '$.text'
            ), chr(10))),
            'results': list_filter(message.blocks, lambda block: (block ->> '$.type') = 'tool_result'),
            'calls': list_filter(message.blocks, lambda block: (block ->> '$.type') = 'tool_use')
        }) as turns
    from blocks
)

select
    coalesce(conversation_id, digest || '-' || ordinal)::varchar as conversation_id,
    user_id::varchar as user_id,                      -- metadata.user_id; NULL counts as nobody
    created_at::timestamp as created_at,              -- UTC
    -- Of one message: tool results (their text), its own text, tool calls (the tool's name only).
    flatten(list_transform(turns, lambda turn: list_concat(
        list_transform(
            turn.results,
            lambda block: {
                'role': 'tool',
                'content': case json_type(block, '$.content')
                    when 'ARRAY' then array_to_string(block ->> '$.content[*].text', chr(10))
                    else block ->> '$.content'
                end
            }
        ),
        case
            when coalesce(turn.text, '') = '' and len(turn.results) + len(turn.calls) > 0 then []
            else [{'role': turn.role, 'content': turn.text}]
        end,
        list_transform(turn.calls, lambda block: {'role': 'tool', 'content': block ->> '$.name'})
    )))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata       -- model, max_tokens, …
from turns
