-- One row per conversation: whether the screener's question fits it. Without a screener every conversation is kept.
-- kind: table
-- grain: conversation_id
-- by: conversation_id
-- incremental: key=conversation_id, changed=transcript, input=transcripts
with

asked as (
    select
        transcripts.conversation_id,
        settings.screener,
        -- NULL in, NULL out: without a screener nothing is asked
        clio_extract_raw(
            transcripts.transcript,
            case
                when settings.screener is not null
                    then cast(to_json(map(['screener'], [
                        struct_pack(question := settings.screener, kind := 'category', choices := ['yes', 'no'])
                    ])) as varchar)
            end
        ) as answer
    from transcripts cross join settings
)

select
    conversation_id::varchar as conversation_id,
    (screener is null or coalesce(answer.value['screener'] = 'yes', false))::boolean as kept,   -- no answer: not kept
    coalesce(answer.status, 'ok')::varchar as status,
    answer.error::varchar as error
from asked
