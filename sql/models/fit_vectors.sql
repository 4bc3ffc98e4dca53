-- One row per conversation and facet that clusters are fitted on: its place among them, and the vector of its answer.
-- kind: view
-- grain: conversation_id, facet
-- by: place
select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    fit_sample.place::varchar as place,
    embeddings.embedding as embedding
from fit_sample inner join embeddings using (conversation_id, facet)
