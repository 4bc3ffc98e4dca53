-- One row per conversation and facet: the answer, or a status that says why there is none.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
-- incremental: key=conversation_id, changed=transcript, input=screened_transcripts
with

answered as (
    select
        screened_transcripts.conversation_id,
        clio_extract_raw(screened_transcripts.transcript, questions.questions) as answer
    from screened_transcripts cross join questions
),

-- a taxonomy places the answer to another facet
asked as (
    select facet, kind, case when kind = 'taxonomy' then question else facet end as asked_facet from facets
)

select
    answered.conversation_id::varchar as conversation_id,
    asked.facet::varchar as facet,
    nullif(trim(answered.answer.value[asked.asked_facet]), '')::varchar as value,    -- NULL: no answer
    case
        -- a local provider that guesses leaves out what is doubtful
        when answered.answer.status = 'ok' and asked.kind not in ('text', 'taxonomy') and map_contains(answered.answer.value, asked.facet)
            and answered.answer.value[asked.facet] is null then 'unsure'
        when answered.answer.status = 'ok' and not list_contains(map_keys(answered.answer.value), asked.asked_facet) then 'invalid'
        else answered.answer.status
    end::varchar as status,    -- ok, refused, invalid or unsure (of this facet alone), truncated, malformed, failed, over_budget
    answered.answer.error::varchar as error
from answered cross join asked
