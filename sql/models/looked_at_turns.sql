-- One row per conversation that is looked through for texts of the operator: its first turn, as hashes of its runs of words.
-- kind: table
-- grain: conversation_id
-- by: conversation_id
with

hashed as (
    select conversation_id, any_value(text_hash) as text_hash, list(window_hash order by place) as window_hashes
    from turn_windows
    where is_looked_at
    group by conversation_id
)

select
    user_turns.conversation_id::varchar as conversation_id,
    user_turns.user_id::varchar as user_id,
    hashed.text_hash::ubigint as text_hash,              -- NULL: it is too short to hold such a text
    hashed.window_hashes::ubigint[] as window_hashes
from user_turns left join hashed using (conversation_id)
where user_turns.is_looked_at
