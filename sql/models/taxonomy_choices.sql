-- One row per conversation and taxonomy facet that a language model was asked about: which of the two nearest leaves it chose, or neither.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
-- incremental: key=conversation_id, changed=question_hash, input=taxonomy_questions
with

asked as (
    select conversation_id, facet, clio_choose_raw(text, candidates) as answer from taxonomy_questions
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    answer.value::varchar as label,                                    -- of the leaf, or clio_none_of_these
    answer.status::varchar as status,                                  -- ok, or why there is no answer
    answer.error::varchar as error
from asked
