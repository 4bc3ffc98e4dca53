-- One row per conversation of which texts are asked apart from categories and scores; none where all is asked together.
-- kind: view
-- grain: conversation_id
with

apart as (
    select count(*) > 0 as apart from asked_facets where asked in ('model', 'rule')
)

select
    screened_transcripts.conversation_id::varchar as conversation_id,
    screened_transcripts.transcript::varchar as transcript
from (from apart where apart) cross join screened_transcripts
