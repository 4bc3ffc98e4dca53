-- One row per user's turn that holds an operator's text: what is left of the turn, in the user's own words.
-- kind: table
-- grain: conversation_id, position
-- by: conversation_id
with

blocks as (
    select shared_blocks.conversation_id, shared_blocks.position, shared_blocks.first_item, shared_blocks.last_item
    from shared_blocks
    inner join operator_texts using (text)
),

-- the text before each block, and after the last one
bounds as (
    select
        conversation_id, position,
        coalesce(lag(last_item) over (partition by conversation_id, position order by first_item), 0) + 1 as first_item,
        first_item - 1 as last_item
    from blocks
    union all
    select conversation_id, position, max(last_item) + 1, len(any_value(items))
    from blocks inner join turn_words using (conversation_id, position)
    group by conversation_id, position
),

gaps as (
    select
        conversation_id, position, first_item,
        first_item = 1 or last_item = len(items) as is_outside,
        trim(array_to_string(items[first_item:last_item], ''), concat(' ', chr(9), chr(10), chr(13))) as text,
        len(list_filter(items[first_item:last_item], lambda item: regexp_matches(item, '^[\p{L}\p{M}\p{N}_]'))) as words
    from bounds inner join turn_words using (conversation_id, position)
    where first_item <= last_item
),

-- a few words between two blocks are a name or a date filled into the template, unless there is nothing else
kept as (
    select *
    from gaps
    where words > 0
    qualify is_outside or words > 5
        or row_number() over (partition by conversation_id, position order by words desc, first_item desc) = 1
),

-- next to a short part, a long part is text that was retrieved for it
marked as (
    select
        * exclude (text),
        case
            when words > 60 and count(*) filter (words between 2 and 60) over (partition by conversation_id, position) > 0
                then concat('<context>', chr(10), text, chr(10), '</context>')
            else text
        end as text
    from kept
),

own as (
    select conversation_id, position, array_to_string(list(text order by first_item), chr(10)) as text
    from marked
    group by conversation_id, position
)

-- a turn is never cut to nothing, unless it holds nothing but reminders
select
    user_turns.conversation_id::varchar as conversation_id,
    user_turns.position::integer as position,
    coalesce(own.text, user_turns.text)::varchar as text
from user_turns left join own using (conversation_id, position)
where own.text is not null or user_turns.text <> user_turns.written
