-- One row per conversation of which a language model is asked all categories and scores. None where all is asked together.
-- kind: view
-- grain: conversation_id
--
-- The first by a hash of their id, and those that were asked before: newer conversations displace nothing that is paid.
with

placed as (
    select
        conversation_id,
        row_number() over (order by md5(concat(seed, conversation_id)), conversation_id) as place
    from screened cross join settings
    where kept
),

asked_before as (
    select distinct conversation_id from last_proxy_answers semi join asked_facets using (facet, question_hash)
),

chosen as (
    select placed.conversation_id
    from placed cross join settings left join asked_before using (conversation_id)
    where exists (select 1 from asked_facets where asked = 'sample')
        and (extract_sample is null or place <= extract_sample or asked_before.conversation_id is not null)
)

select
    screened_transcripts.conversation_id::varchar as conversation_id,
    screened_transcripts.transcript::varchar as transcript
from chosen inner join screened_transcripts using (conversation_id)
