-- One row per conversation and clustered facet: the nearest centroid and the runner-up, by their numbers.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
-- incremental: key=conversation_id, changed=value_hash, input=embeddings
with

placed as (
    select
        embeddings.conversation_id,
        embeddings.facet,
        clio_cluster(embeddings.embedding, cluster_models.model) as place
    from embeddings
    inner join cluster_models on cluster_models.facet = embeddings.facet
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    place.cluster_id::integer as number,
    place.distance::float as distance,                         -- Euclidean, between unit vectors and centroids
    place.runner_up::integer as runner_up,                     -- NULL: there is only one centroid
    place.runner_up_distance::float as runner_up_distance
from placed
