-- One row per conversation and facet: the answer and who gave it, or a status that says why there is none.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
-- incremental: key=conversation_id, changed=seen, input=asked_transcripts
with

answered as (
    select conversation_id, known, clio_extract_raw(transcript, questions.questions) as answer
    from asked_transcripts cross join questions
),

-- a taxonomy places the answer to another facet
asked as (
    select
        facet, kind, case when kind = 'taxonomy' then question else facet end as asked_facet,
        case when provider = 'local' then 'rule' else 'model' end as asked_of
    from facets cross join extraction
),

values_of as (
    select
        answered.*, asked.*, known[asked_facet] as found,
        coalesce(nullif(trim(answer.value[asked_facet]), ''), known[asked_facet].value) as value
    from answered cross join asked
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    value::varchar as value,    -- NULL: no answer
    -- ok, refused, invalid or unsure (of this facet alone), truncated, malformed, failed, over_budget
    coalesce(found.status, clio_answer_status(answer, kind, asked_facet))::varchar as status,
    coalesce(found.error, answer.error)::varchar as error,
    coalesce(found.answered_by, case when value is not null then asked_of end)::varchar as answered_by    -- model, rule or proxy; NULL: without an answer
from values_of
