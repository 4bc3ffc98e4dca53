-- One row per conversation that the screener keeps: what the model is shown of it.
-- kind: view
-- grain: conversation_id
-- by: conversation_id
select
    transcripts.conversation_id::varchar as conversation_id,
    transcripts.transcript::varchar as transcript
from transcripts
inner join screened on screened.conversation_id = transcripts.conversation_id
where screened.kept
