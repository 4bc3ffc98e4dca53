-- One row per conversation: the source, cleaned, each id once and each with some text.
-- kind: table
-- grain: conversation_id
-- by: conversation_id
with

cleaned as (
    select
        conversation_id,
        nullif(trim(user_id, concat(' ', chr(9), chr(10), chr(13))), '') as user_id,
        created_at,
        list_filter(
            list_transform(
                messages,
                lambda message: struct_pack(
                    role := case
                        when message.role in ('user', 'assistant', 'system', 'tool') then message.role
                        when message.role in ('tool_call', 'tool_error') then 'tool' else 'other'
                    end,
                    content := trim(replace(message.content, chr(0), ' '), concat(' ', chr(9), chr(10), chr(13)))
                )
            ),
            lambda message: message.content <> ''
        ) as messages,
        metadata
    from source
    where conversation_id is not null
)

select
    cleaned.conversation_id::varchar as conversation_id,
    counted_users.user_id::varchar as user_id,       -- the privacy unit; NULL for conversations that add no user to any count
    cleaned.created_at::timestamp as created_at,
    cleaned.messages::struct(role varchar, content varchar)[] as messages,
    cleaned.metadata::map(varchar, varchar) as metadata
from cleaned
left join (select distinct user_id from counted_users) as counted_users on counted_users.user_id = cleaned.user_id
where len(messages) > 0
qualify row_number() over (
    partition by conversation_id order by created_at, md5(concat(messages::varchar, cleaned.user_id, metadata::varchar))
) = 1
