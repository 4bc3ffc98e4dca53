-- One row per input row that another may begin with or continue: a hash of each beginning of it.
-- Only the messages are compared, without system prompts and spaces, which change from request to request.
-- kind: view
-- grain: position
with

first_messages as materialized (
    select
        users.position, users.user_id, users.is_repeated,
        replace(replace(replace(replace(list_filter(
            given.messages, lambda message: message.role is distinct from 'system' and trim(message.content) <> ''
        )[1].content, ' ', ''), chr(10), ''), chr(13), ''), chr(9), '') as content
    from given
    inner join users on users.position = given.position
    where users.conversation_id is not null or not given.needs_id  -- rows without an id are left out later
),

-- Only rows of the same user that begin alike can be one conversation.
alike as (
    select position
    from first_messages
    where content is not null
    qualify is_repeated or count(*) over (partition by user_id, md5(content)) > 1
),

said as (
    select
        users.*,
        list_filter(
            list_transform(given.messages, lambda message: {
                'role': coalesce(message.role, ''),
                'content': replace(replace(replace(replace(
                    message.content, ' ', ''), chr(10), ''), chr(13), ''), chr(9), '')
            }),
            lambda message: message.content <> '' and message.role <> 'system'
        ) as said
    from given
    semi join alike on alike.position = given.position
    inner join users on users.position = given.position
),

begun as (
    select
        * exclude (said),
        list_transform(said, lambda message: md5(concat(message.role, ':', message.content))) as hashes,
        len(list_filter(said, lambda message: message.role not in ('assistant', 'tool', 'tool_call', 'tool_error'))) as turns
    from said
)

select
    position::bigint as position,
    conversation_id::varchar as conversation_id,
    coalesce(user_id, '')::varchar as person,         -- '': no user
    created_at::timestamp as created_at,
    is_repeated::boolean as is_repeated,
    turns::bigint as turns,                           -- number of messages by the user
    hashes::varchar[] as hashes,                      -- of each message
    -- of the first message, of the first two, and so on: the last one is of the whole row
    list_reduce(
        hashes, lambda beginnings, hash: list_append(beginnings, md5(concat(beginnings[-1], hash))), []::varchar[]
    )::varchar[] as beginnings
from begun
where len(hashes) > 0
