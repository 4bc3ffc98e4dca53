-- One row per conversation that is analysed: what a language model is shown of it, and what is already answered.
-- kind: view
-- grain: conversation_id
-- by: conversation_id
with

answered as (
    from text_values
    union all by name
    from sample_values
    union all by name
    from rest_values
    union all by name
    from proxy_values
),

known as (
    select
        conversation_id,
        map_from_entries(list(struct_pack(
            k := facet, v := struct_pack(value := value, status := status, error := error, answered_by := answered_by)
        ) order by facet)) as known
    from answered
    group by conversation_id
)

select
    screened_transcripts.conversation_id::varchar as conversation_id,
    screened_transcripts.transcript::varchar as transcript,
    -- facet -> its answer; NULL where all facets are asked together
    known.known::map(varchar, struct(value varchar, status varchar, error varchar, answered_by varchar)) as known,
    concat(screened_transcripts.transcript, known.known)::varchar as seen         -- says whether either changed
from screened_transcripts left join known using (conversation_id)
