-- One row per conversation outside the sample and call about it: the questions that no regression answers well enough.
-- kind: view
-- grain: conversation_id, call
with

calls as (
    select
        proxies.call,
        to_json(map_from_entries(
            list(struct_pack(k := asked_facets.facet, v := asked_facets.question) order by asked_facets.facet)
        ))::varchar as questions
    from proxies inner join asked_facets using (facet)
    where proxies.call is not null
    group by proxies.call
),

rest as (
    select screened.conversation_id, calls.call, calls.questions
    from calls cross join screened
    anti join sample_values using (conversation_id)
    where screened.kept
)

select
    rest.conversation_id::varchar as conversation_id,
    rest.call::integer as call,                                       -- as in proxies
    rest.questions::varchar as questions,
    screened_transcripts.transcript::varchar as transcript,
    concat(rest.questions, screened_transcripts.transcript)::varchar as prompt
from rest inner join screened_transcripts using (conversation_id)
