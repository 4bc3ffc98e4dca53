-- One row per conversation that a facet is tried on: the first by a hash of id and seed, so the same ones each time.
select
    screened_transcripts.conversation_id::varchar as conversation_id,
    screened_transcripts.transcript::varchar as transcript,
    to_json(map {wanted.facet: struct_pack(
        question := facets.question, kind := facets.kind, choices := facets.choices
    )})::varchar as questions
from screened_transcripts
cross join wanted
cross join settings
inner join facets using (facet)
qualify row_number() over (
    order by md5(concat(settings.seed, screened_transcripts.conversation_id)), screened_transcripts.conversation_id
) <= wanted.conversations
