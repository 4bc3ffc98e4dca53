-- One row per user's turn of an analysed conversation: what it says, without what a client inserts between tags.
-- kind: view
-- grain: conversation_id, position
-- by: conversation_id
with

turns as (
    select
        conversation_id,
        user_id,
        is_looked_at,
        unnest(messages) as message,
        unnest(range(1, len(messages) + 1)) as position
    from conversations inner join sampled_conversations using (conversation_id)
),

-- system reminders and the like: of Claude Code, Codex, Cline and others
cleaned as (
    select
        conversation_id,
        user_id,
        is_looked_at,
        position,
        message.content as written,
        trim(
            regexp_replace(
                message.content,
                '(?is)<(?:system[-_]reminder|environment_context|environment_details|user_instructions|ide_opened_file|ide_selection|local-command-stdout|local-command-caveat|command-message)\b[^>]*>.*?</(?:system[-_]reminder|environment_context|environment_details|user_instructions|ide_opened_file|ide_selection|local-command-stdout|local-command-caveat|command-message)>',
                ' ', 'g'
            ),
            concat(' ', chr(9), chr(10), chr(13))
        ) as text
    from turns
    where message.role = 'user'
)

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,
    position::integer as position,                                                      -- its position among the conversation's messages, from 1
    -- the first with text, in a conversation that is searched for operator texts
    (is_looked_at and row_number() over (partition by conversation_id order by text = '', position) = 1)::boolean as is_looked_at,
    written::varchar as written,
    text::varchar as text                                                               -- '': nothing else was in it
from cleaned
