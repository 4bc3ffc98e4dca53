-- One row per conversation outside the sample and category or score that no regression answers well enough: the answer of a language model.
-- kind: table
-- grain: conversation_id, facet
-- incremental: key=conversation_id, changed=prompt, input=rest_transcripts
with

answered as (
    select conversation_id, unnest(json_keys(questions)) as facet, clio_extract_raw(transcript, questions) as answer
    from rest_transcripts
),

values_of as (
    select answered.*, kind, nullif(trim(answer.value[facet]), '') as value
    from answered inner join asked_facets using (facet)
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    value::varchar as value,                                              -- NULL: no answer
    clio_answer_status(answer, kind, facet)::varchar as status,           -- as in facet_values
    answer.error::varchar as error,
    case when value is not null then 'model' end::varchar as answered_by
from values_of
