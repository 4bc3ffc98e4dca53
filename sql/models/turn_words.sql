-- One row per user's turn that is long enough to hold operator text: its words and signs, in order.
-- kind: view
-- grain: conversation_id, position
-- by: conversation_id
--
-- If a turn is longer than two messages may be, only its beginning and end are split; the middle is one item.
with

parts as (
    select
        *,
        case
            when length(text) <= 2 * max_message_characters then [struct_pack(text := text, is_read := true)]
            else [
                struct_pack(text := left(text, max_message_characters), is_read := true),
                struct_pack(
                    text := substring(text, max_message_characters + 1, length(text) - 2 * max_message_characters),
                    is_read := false
                ),
                struct_pack(text := right(text, max_message_characters), is_read := true)
            ]
        end as parts
    from user_turns cross join settings
    where length(text) > template_words
),

-- a word, a character of a script without spaces, or a sign, each with the spaces after it
split as (
    select
        *,
        flatten(list_transform(parts, lambda part: case when not part.is_read then [part.text] else regexp_extract_all(
            part.text,
            '(?:[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|[\p{L}\p{M}\p{N}_]+(?:[''’-][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}_])\s*'
        ) end)) as items
    from parts
)

select
    conversation_id::varchar as conversation_id,
    position::integer as position,
    user_id::varchar as user_id,
    is_looked_at::boolean as is_looked_at,
    items::varchar[] as items                   -- joined, they are the text
from split
where len(items) > template_words
