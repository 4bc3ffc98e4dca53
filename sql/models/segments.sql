-- One row per segment, which is what is analysed: a part of a conversation, or all of it. See `segment_by` in settings.
-- kind: view
-- grain: conversation_id
-- by: conversation_id
-- Each has its user, time and metadata from its conversation. No figure counts two segments of one conversation in the same
-- base cluster, see assignments.
select
    case
        when starts.segment > 1 then concat(conversations.conversation_id, '#', starts.segment)
        else conversations.conversation_id
    end::varchar as conversation_id,                            -- of the segment: that of its conversation, with # and its number after the first
    conversations.conversation_id::varchar as whole_id,         -- of its conversation
    coalesce(starts.segment, 1)::integer as segment,            -- from 1
    (starts.segment is not null)::boolean as is_part,           -- false: it is the whole conversation
    coalesce(starts.first_position, 1)::integer as first_position,    -- of its first message in the conversation, from 1
    conversations.user_id::varchar as user_id,
    conversations.created_at::timestamp as created_at,
    case
        when starts.segment is null then conversations.messages
        else conversations.messages[starts.first_position:coalesce(starts.last_position, len(conversations.messages))]
    end::struct(role varchar, content varchar)[] as messages,
    conversations.metadata::map(varchar, varchar) as metadata
from conversations
left join segment_starts as starts on starts.conversation_id = conversations.conversation_id
