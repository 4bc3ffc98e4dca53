-- One row per user's turn with text in a conversation that may be split: what it says, and whether it may begin a segment.
-- kind: view
-- grain: conversation_id, position
-- by: conversation_id
-- Empty without `segment_by`. A conversation without a user id stays whole: no share of a user limits how often it counts.
with

spoken as (
    select
        user_turns.conversation_id, user_turns.position,
        coalesce(cut_turns.text, user_turns.text) as text,
        -- a word, or two characters of a script without spaces
        len(regexp_extract_all(
            left(coalesce(cut_turns.text, user_turns.text), 200),
            '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]{2}|[\p{L}\p{M}\p{N}_]+'
        )) as words
    from user_turns left join cut_turns using (conversation_id, position)
    cross join settings
    where segment_by is not null and user_turns.user_id is not null
),

answered as (
    select spoken.*, conversations.messages[spoken.position + 1] as next
    from spoken inner join conversations using (conversation_id)
    where spoken.text <> ''
    qualify count(*) over (partition by spoken.conversation_id) > 1
)

select
    conversation_id::varchar as conversation_id,
    position::integer as position,                              -- its position among the conversation's messages, from 1
    (
        words >= segment_words and row_number() over (partition by conversation_id order by position) > 1
    )::boolean as may_begin,                                    -- not 'yes' or 'thanks', which belong to what was asked before
    -- what says its topic: the beginnings of the turn and of its answer
    concat_ws(chr(10), left(text, 500), case when next.role = 'assistant' then left(next.content, 500) end)::varchar as text
from answered cross join settings
