-- One row per word of a clustered answer.
-- kind: table
-- grain: word
-- by: conversation_id; distinct
select distinct unnest(clio_words(facet_values.value))::varchar as word
from facet_values
inner join embeddings using (conversation_id, facet)
