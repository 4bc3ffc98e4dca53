-- One row a conversation and clustered facet: the nearest base cluster and the runner-up.
-- kind: table
-- grain: conversation_id, facet
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
    placed.conversation_id::varchar as conversation_id,
    conversations.user_id::varchar as user_id,
    placed.facet::varchar as facet,
    concat('c', lpad(cast(placed.place.cluster_id as varchar), 5, '0'))::varchar as cluster_id,
    placed.place.distance::float as distance,                        -- Euclidean, between unit vectors and centroids
    case
        when placed.place.runner_up is not null
            then concat('c', lpad(cast(placed.place.runner_up as varchar), 5, '0'))
    end::varchar as runner_up,
    placed.place.runner_up_distance::float as runner_up_distance
from placed
inner join conversations on conversations.conversation_id = placed.conversation_id
