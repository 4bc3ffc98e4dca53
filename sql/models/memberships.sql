-- One row per conversation, clustered facet and level: the cluster it is in. Only clusters that may be shown.
-- kind: view
-- grain: conversation_id, facet, level
-- by: conversation_id
with

based as (
    select facet, level, cluster_id, unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
)

select
    assignments.conversation_id::varchar as conversation_id,
    assignments.user_id::varchar as user_id,
    based.facet::varchar as facet,
    based.level::integer as level,
    based.cluster_id::varchar as cluster_id
from based
inner join assignments
    on assignments.facet = based.facet and assignments.cluster_id = based.base_cluster_id
