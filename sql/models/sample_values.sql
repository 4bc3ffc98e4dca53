-- One row per conversation of the sample and category or score: the answer of a language model.
-- kind: table
-- grain: conversation_id, facet
-- incremental: key=conversation_id, changed=transcript, input=sample_transcripts
with

answered as (
    select conversation_id, clio_extract_raw(transcript, questions.sample_questions) as answer
    from sample_transcripts cross join questions
),

values_of as (
    select answered.*, facet, kind, nullif(trim(answer.value[facet]), '') as value
    from answered cross join asked_facets
    where asked = 'sample'
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    value::varchar as value,                                              -- NULL: no answer
    clio_answer_status(answer, kind, facet)::varchar as status,           -- as in facet_values
    answer.error::varchar as error,
    case when value is not null then 'model' end::varchar as answered_by
from values_of
