-- One row per conversation and clustered facet: the base cluster that it is in, and the runner-up.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
-- kept: last
-- That is the cluster that was found, or the one that it is merged into (merged_clusters). A conversation is in it once: of
-- several segments in one base cluster only the first is here.
with

placed as (
    select
        found.* exclude (cluster_id, runner_up),
        found.cluster_id as found_id,
        coalesce(own.cluster_id, found.cluster_id) as cluster_id,
        coalesce(other.cluster_id, found.runner_up) as runner_up
    from found_assignments as found
    left join merged_clusters as own on own.facet = found.facet and own.found_id = found.cluster_id
    left join merged_clusters as other on other.facet = found.facet and other.found_id = found.runner_up
),

repeated as (
    select placed.conversation_id, placed.facet
    from placed inner join segments on segments.conversation_id = placed.conversation_id and segments.is_part
    qualify row_number() over (partition by segments.whole_id, placed.facet, placed.cluster_id order by segments.segment) > 1
)

select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    found_id::varchar as found_id,                                 -- the cluster that was found: another one, if it is merged
    distance::float as distance,                                   -- from the centroid of the one that was found
    nullif(runner_up, cluster_id)::varchar as runner_up,           -- NULL: there is only one cluster, or both are merged
    (case when runner_up <> cluster_id then runner_up_distance end)::float as runner_up_distance
from placed anti join repeated using (conversation_id, facet)
