-- One row per conversation and clustered facet: the nearest base cluster and the runner-up, as k-means found them.
-- kind: view
-- grain: conversation_id, facet
select
    placements.conversation_id::varchar as conversation_id,
    conversations.user_id::varchar as user_id,
    placements.facet::varchar as facet,
    nearest.cluster_id::varchar as cluster_id,
    placements.distance::float as distance,                        -- Euclidean, between unit vectors and centroids
    second.cluster_id::varchar as runner_up,                       -- NULL: there is only one cluster
    placements.runner_up_distance::float as runner_up_distance
from placements
inner join conversations on conversations.conversation_id = placements.conversation_id
inner join cluster_ids as nearest on nearest.facet = placements.facet and nearest.number = placements.number
left join cluster_ids as second on second.facet = placements.facet and second.number = placements.runner_up
