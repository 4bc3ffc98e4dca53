-- One row per conversation that a facet was tried on: the answer, or a status that says why there is none. Private.
with

extracted as (
    select conversation_id, transcript, clio_extract_raw(transcript, questions) as answer
    from asked
)

select
    conversation_id::varchar as conversation_id,
    transcript::varchar as transcript,
    nullif(trim(answer.value[facet]), '')::varchar as value,
    case
        when answer.status = 'ok' and nullif(trim(answer.value[facet]), '') is null then 'unsure'    -- of a guess that is doubtful
        else answer.status
    end::varchar as status
from extracted cross join wanted
