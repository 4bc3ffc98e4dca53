-- One row per base cluster, breakdown, value and user: who is behind each figure that may be published, as of today.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value, user_id
-- by: facet, cluster_id, user_id; distinct
select
    relation::varchar as relation,                 -- the published relation that it is for
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- of level 0, or (other)
    breakdown::varchar as breakdown,               -- '' for the cluster as a whole; of a trend, its period: week, month, …; a measure
    value::varchar as value,                       -- of a measure: known
    user_id::varchar as user_id,                   -- NULL: conversations without a user id
    count(*)::bigint as conversations,
    coalesce(bool_or(independent and user_id is not null), false)::boolean as independent    -- whether the user counts towards thresholds, see independent_texts
from conversation_cells
group by all
union all
-- how many clusters a reason holds back is kept like a figure, with no user behind it
select 'held_back', facet, '(other)', 'clusters', reason, null, count(cluster_id), false
from held_back_clusters
group by facet, reason
