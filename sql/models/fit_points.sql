-- One row per conversation and clustered facet that k-means may use: the same answer at most `fit_repeats` times.
-- kind: view
-- grain: conversation_id, facet
-- by: facet, value_hash
select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    md5(concat(seed, conversation_id))::varchar as place
from embeddings cross join settings
qualify row_number() over (partition by facet, value_hash order by md5(concat(seed, conversation_id))) <= fit_repeats
