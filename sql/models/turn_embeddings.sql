-- One row per user's turn of a conversation that may be split by topic: the unit vector of the turn and its answer.
-- kind: table
-- grain: conversation_id, position
-- by: conversation_id
-- incremental: key=conversation_id, changed=text, input=segment_turns
select
    conversation_id::varchar as conversation_id,
    position::integer as position,
    clio_embed(text) as embedding
from segment_turns cross join settings
where segment_by = 'topic'
