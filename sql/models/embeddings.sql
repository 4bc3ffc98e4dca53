-- One row per conversation and facet that is clustered or placed in a taxonomy: the unit vector of the answer.
-- kind: table
-- grain: conversation_id, facet
-- by: value
-- shared: value_hash
-- incremental: key=conversation_id, changed=value, input=facet_values
with

wanted as (
    select facet_values.conversation_id, facet_values.facet, facet_values.value
    from facet_values
    inner join facets on facets.facet = facet_values.facet
    where (facets.clustered or facets.kind = 'taxonomy') and facet_values.value is not null
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    clio_embed(value) as embedding,
    md5(value)::varchar as value_hash              -- says whether the answer changed
from wanted
