-- One row per text that an operator put around what users ask: a template, a context, an instruction.
-- kind: table
-- grain: text
--
-- A text that most of its senders sent alone, or with only an operator's text around it, is a common request instead.
with

-- a turn that has no words besides its blocks is about the block that the fewest turns share
placed as (
    select
        *,
        sum(words) over turn = turn_words
            and row_number() over (partition by conversation_id, position order by texts, first_item) = 1 as is_alone
    from shared_blocks
    window turn as (partition by conversation_id, position)
)

select
    text::varchar as text,
    count(distinct user_id)::integer as users,
    count(distinct conversation_id)::bigint as conversations,
    max(texts)::integer as texts                                -- different turns that contain it
from placed inner join conversations using (conversation_id)
group by text
having count(distinct user_id) > 2 * count(distinct user_id) filter (is_alone)
