-- One row per position in a user's turn: a hash of the `template_words` words and signs that begin there.
-- kind: view
-- grain: conversation_id, position, place
-- by: conversation_id
with

-- of two neighbours each, so that their order matters in a sum of hashes
pairs as (
    select
        conversation_id,
        position,
        user_id,
        is_looked_at,
        hash(items) as text_hash,
        len(items) as items,
        unnest(range(1, len(items))) as place,
        unnest(list_zip(items[:-2], items[2:])) as pair,
        template_words
    from turn_words cross join settings
),

summed as (
    select
        *,
        sum(hash(rtrim(pair[1], concat(' ', chr(9), chr(10), chr(13))), rtrim(pair[2], concat(' ', chr(9), chr(10), chr(13))))) over (
            partition by conversation_id, position, is_looked_at order by place
            rows between current row and (template_words - 2) following
        ) as words
    from pairs
)

select
    conversation_id::varchar as conversation_id,
    position::integer as position,
    user_id::varchar as user_id,
    is_looked_at::boolean as is_looked_at,
    text_hash::ubigint as text_hash,            -- of the whole turn
    place::integer as place,                    -- from 1
    hash(words)::ubigint as window_hash
from summed
where place <= items - template_words + 1
