-- One row per conversation and clustered facet: the base cluster that k-means found, or the leaf of a taxonomy, and the runner-up.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
select
    placements.conversation_id::varchar as conversation_id,
    segments.user_id::varchar as user_id,
    placements.facet::varchar as facet,
    nearest.cluster_id::varchar as cluster_id,
    placements.distance::float as distance,                        -- Euclidean, between unit vectors and centroids
    second.cluster_id::varchar as runner_up,                       -- NULL: there is only one cluster
    placements.runner_up_distance::float as runner_up_distance
from placements
inner join segments on segments.conversation_id = placements.conversation_id
inner join cluster_ids as nearest on nearest.facet = placements.facet and nearest.number = placements.number
left join cluster_ids as second on second.facet = placements.facet and second.number = placements.runner_up
inner join facets on facets.facet = placements.facet
where facets.kind <> 'taxonomy'
union all
-- of a taxonomy: the leaf that it is placed in
select
    conversation_id, segments.user_id, answers.facet, answers.leaf, answers.distance, answers.runner_up,
    answers.runner_up_distance
from taxonomy_answers as answers
inner join segments using (conversation_id)
inner join facets on facets.facet = answers.facet
where facets.clustered and answers.leaf is not null
