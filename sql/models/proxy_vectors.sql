-- One row per conversation: the unit vector of the text that regressions go by: the answer to `request`, or else to the first facet of kind text.
-- kind: table
-- grain: conversation_id
-- shared: value_hash
-- incremental: key=conversation_id, changed=value, input=text_values
with

read as (
    select facet from asked_facets where kind = 'text' order by facet <> 'request', facet limit 1
),

wanted as (
    select text_values.conversation_id, text_values.value
    from text_values inner join read using (facet) cross join extraction
    where text_values.value is not null and extract_sample is not null
)

select
    conversation_id::varchar as conversation_id,
    clio_embed(value) as embedding,
    md5(value)::varchar as value_hash              -- says whether the answer changed
from wanted
