-- One row per base cluster and period of a trend that an earlier build published; of a merged cluster, of the one that it is part of, too.
-- kind: view
-- grain: facet, base_cluster_id, period, value
with

periods as (
    select facet, base_cluster_id, period, value from last_published_periods
    union
    select earlier.facet, merged.cluster_id, earlier.period, earlier.value
    from last_published_periods as earlier
    inner join merged_clusters as merged on merged.facet = earlier.facet and merged.found_id = earlier.base_cluster_id
)

select
    facet::varchar as facet,
    base_cluster_id::varchar as base_cluster_id,
    period::varchar as period,                       -- week, month, …: the name of the period
    value::varchar as value                          -- its first day
from periods
