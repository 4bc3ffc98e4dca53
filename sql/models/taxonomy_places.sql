-- One row per conversation and taxonomy facet: the two leaves nearest to its text, and whether they are close to each other.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
with

leaves as (
    select taxonomy_leaves.*, cluster_ids.number
    from taxonomy_leaves inner join cluster_ids on cluster_ids.facet = taxonomy_leaves.facet and cluster_ids.cluster_id = taxonomy_leaves.id
)

select
    placements.conversation_id::varchar as conversation_id,
    placements.facet::varchar as facet,
    nearest.id::varchar as leaf,
    list_inner_product(embeddings.embedding::float[], nearest.embedding)::float as similarity,    -- cosine to the leaf's own vector
    placements.distance::float as distance,                            -- Euclidean, to the vector that it is placed by
    second.id::varchar as runner_up,                                   -- NULL: there is only one leaf
    placements.runner_up_distance::float as runner_up_distance,
    coalesce(placements.distance > 0.9 * placements.runner_up_distance, false)::boolean as is_close    -- near a border, as in cluster_quality
from placements
inner join embeddings on embeddings.conversation_id = placements.conversation_id and embeddings.facet = placements.facet
inner join leaves as nearest on nearest.facet = placements.facet and nearest.number = placements.number
left join leaves as second on second.facet = placements.facet and second.number = placements.runner_up
