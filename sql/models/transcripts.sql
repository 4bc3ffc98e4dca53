-- One row per segment of a sampled conversation: what the model is shown of it, without system prompts and texts of the operator.
-- kind: view
-- grain: conversation_id
-- by: conversation_id
with

cut as (
    select conversation_id, map(list(position), list(text)) as texts
    from cut_turns
    group by conversation_id
),

said as (
    select
        segments.conversation_id,
        list_transform(
            segments.messages,
            lambda message, position: struct_pack(
                role := message.role,
                content := coalesce(cut.texts[first_position + position - 1], message.content)
            )
        ) as messages
    from segments
    inner join sampled_conversations as sampled on sampled.conversation_id = segments.whole_id
    left join cut on cut.conversation_id = segments.whole_id
),

-- of code and retrieved context in a user's turn, only the beginning
quoted as (
    select
        conversation_id,
        list_transform(
            messages,
            lambda message: struct_pack(
                role := message.role,
                content := case
                    when message.role = 'user' and regexp_matches(message.content, '```|(?i)</(?:context|documents?|sources?)>')
                        then regexp_replace(
                            regexp_replace(
                                message.content, '(```[^`]{400})[^`]*(```|$)', '\1 [... shortened ...]' || chr(10) || '\2', 'g'
                            ),
                            '(?i)(<(?:context|documents?|sources?)>[^<]{400})[^<]*(</(?:context|documents?|sources?)>)',
                            '\1 [... shortened ...]' || chr(10) || '\2', 'g'
                        )
                    else message.content
                end
            )
        ) as messages
    from said
)

select
    conversation_id::varchar as conversation_id,
    clio_transcript(messages, max_message_characters, max_transcript_characters)::varchar as transcript
from quoted cross join settings
