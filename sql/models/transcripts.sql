-- One row per sampled conversation: what the model is shown of it, without system prompts and texts of the operator.
-- kind: view
-- grain: conversation_id
with

cut as (
    select conversation_id, map(list(position), list(text)) as texts
    from cut_turns
    group by conversation_id
),

said as (
    select
        conversations.conversation_id,
        list_transform(
            conversations.messages,
            lambda message, position: struct_pack(
                role := message.role,
                content := coalesce(cut.texts[position], message.content)
            )
        ) as messages
    from conversations
    inner join sampled_conversations using (conversation_id)
    left join cut using (conversation_id)
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
),

shown as (
    select
        conversation_id,
        list_transform(
            list_filter(messages, lambda message: message.role <> 'system' and message.content <> ''),
            lambda message: struct_pack(
                role := message.role,
                content := message.content,
                most := case when message.role = 'tool' then 500 else max_message_characters end
            )
        ) as messages,
        max_transcript_characters
    from quoted cross join settings
),

shortened as (
    select
        conversation_id,
        list_transform(
            messages,
            lambda message: struct_pack(
                role := message.role,
                content := case
                    when length(message.content) <= message.most then message.content
                    else concat(
                        substring(message.content, 1, cast(message.most * 0.7 as integer)),
                        ' [... shortened ...] ',
                        right(message.content, cast(message.most * 0.3 as integer))
                    )
                end
            )
        ) as messages,
        max_transcript_characters
    from shown
),

-- nothing that a user writes can close a tag
written as (
    select
        conversation_id,
        array_to_string(
            list_transform(
                messages,
                lambda message: concat(
                    '<', message.role, '>', chr(10),
                    replace(replace(replace(message.content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
                    chr(10), '</', message.role, '>'
                )
            ),
            chr(10)
        ) as transcript,
        max_transcript_characters as most
    from shortened
)

select
    conversation_id::varchar as conversation_id,
    case
        when length(transcript) <= most then transcript
        else concat(
            substring(transcript, 1, cast(most * 0.7 as integer)),
            ' [... shortened ...] ',
            right(transcript, cast(most * 0.3 as integer))
        )
    end::varchar as transcript
from written
