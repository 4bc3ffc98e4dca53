-- One row per segment of a conversation that has several: at which of its messages it begins.
-- kind: table
-- grain: conversation_id, segment
-- by: conversation_id
--
-- With `segment_by` 'turns' each user's turn of enough words begins one, with 'topic' only those that are about something else
-- than both turns before. So a conversation that grows keeps the segments that it had. After max_segments, the rest belongs
-- to the last.
with

compared as (
    select
        conversation_id, position,
        greatest(
            list_dot_product(embedding, lag(embedding) over turn),
            list_dot_product(embedding, lag(embedding, 2) over turn)
        ) as similarity
    from (select conversation_id, position, embedding::float[] as embedding from turn_embeddings)
    window turn as (partition by conversation_id order by position)
),

begun as (
    select
        segment_turns.conversation_id, segment_turns.position,
        1 + row_number() over (partition by segment_turns.conversation_id order by segment_turns.position) as segment
    from segment_turns left join compared using (conversation_id, position)
    cross join settings
    where may_begin and (segment_by = 'turns' or segment_by = 'topic' and similarity < segment_similarity)
),

-- the id of a segment must be no other conversation's id: else the conversation stays whole
clashing as (
    select begun.conversation_id
    from begun semi join conversations
        on conversations.conversation_id = concat(begun.conversation_id, '#', begun.segment)
),

numbered as (
    select conversation_id, segment, position
    from begun anti join clashing using (conversation_id)
    cross join settings
    where segment <= max_segments
),

complete as (
    from numbered
    union all
    select distinct conversation_id, 1, 1 from numbered
)

select
    conversation_id::varchar as conversation_id,
    segment::integer as segment,                               -- from 1
    position::integer as first_position,                       -- among the conversation's messages, from 1
    (lead(position) over (partition by conversation_id order by position) - 1)::integer as last_position    -- NULL: to the end
from complete
