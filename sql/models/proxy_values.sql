-- One row per conversation outside the sample and category or score that a regression answers: its answer.
-- kind: table
-- grain: conversation_id, facet
with

rest as (
    select screened.conversation_id, proxies.facet, proxies.learned
    from proxies cross join screened
    anti join sample_values using (conversation_id)
    where screened.kept and proxies.call is null
),

answered as (
    select rest.conversation_id, rest.facet, clio_sure(clio_predict(proxy_vectors.embedding, rest.learned)) as value
    from rest left join proxy_vectors using (conversation_id)
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    value::varchar as value,                                              -- NULL: doubtful, or without a text to go by
    case when value is null then 'unsure' else 'ok' end::varchar as status,
    null::varchar as error,
    case when value is not null then 'proxy' end::varchar as answered_by
from answered
