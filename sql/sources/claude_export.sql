-- One row a conversation of a Claude.ai export (conversations.json).
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- user: `account.uuid`
-- needs: conversation_id text from uuid, messages list from chat_messages
-- optional: user_id text, account json, created_at time
with

blocks as (
    select
        * exclude (messages),
        list_transform(json_extract(messages, '$[*]'), lambda message: {
            'role': case lower(message ->> '$.sender')
                when 'human' then 'user'
                else lower(message ->> '$.sender')    -- assistant; an unknown role stays as it is
            end,
            'text': message ->> '$.text',
            'blocks': json_extract(message, '$.content[*]')
        }) as messages
    from raw
),

turns as (
    select
        * exclude (messages),
        list_transform(messages, lambda message: {
            'role': message.role,
            -- newer exports have the text in blocks, older ones in `text` alone;
            -- thinking, images and attached files are left out
            'text': coalesce(nullif(array_to_string(list_transform(
                list_filter(message.blocks, lambda block: (block ->> '$.type') = 'text'),
                lambda block: block ->> '$.text'
            ), chr(10)), ''), message.text),
            -- a call is the tool's name only, a result its text, each a message of role tool
            'tools': list_transform(
                list_filter(message.blocks, lambda block: (block ->> '$.type') like 'tool_%'),
                lambda block: case
                    when (block ->> '$.type') = 'tool_use' then block ->> '$.name'
                    when json_type(block, '$.content') = 'ARRAY'
                        then array_to_string(block ->> '$.content[*].text', chr(10))
                    else block ->> '$.content'
                end
            )
        }) as turns
    from blocks
)

select
    conversation_id::varchar as conversation_id,
    coalesce(user_id, account ->> '$.uuid')::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    -- An answer's tools come before its text: what they found is what it says.
    flatten(list_transform(turns, lambda turn: list_concat(
        list_transform(turn.tools, lambda content: {'role': 'tool', 'content': content}),
        case
            when coalesce(turn.text, '') = '' and len(turn.tools) > 0 then []
            else [{'role': turn.role, 'content': turn.text}]
        end
    )))::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- name (the title), updated_at, …
    numbers::map(varchar, double) as numbers
from turns
