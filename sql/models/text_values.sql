-- One row per conversation and facet of kind text that is asked apart: the answer of a language model, or of a rule.
-- kind: table
-- grain: conversation_id, facet
-- incremental: key=conversation_id, changed=transcript, input=text_transcripts
with

answered as (
    select
        conversation_id,
        clio_extract_raw(transcript, questions.text_questions) as answer,
        clio_extract_by_rule_raw(transcript, questions.rule_questions) as by_rule
    from text_transcripts cross join questions
),

values_of as (
    select
        answered.*, facet, kind, asked,
        nullif(trim(case when asked = 'rule' then by_rule[facet] else answer.value[facet] end), '') as value
    from answered cross join asked_facets
    where asked in ('model', 'rule')
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    value::varchar as value,                                                              -- NULL: no answer
    case when asked = 'rule' then 'ok' else clio_answer_status(answer, kind, facet) end::varchar as status,    -- as in facet_values
    case when asked = 'model' then answer.error end::varchar as error,
    case when value is not null then asked end::varchar as answered_by                    -- model or rule
from values_of
