-- One row per base cluster, period and value that an earlier build published of its trend; if it was merged, also for the cluster it is part of now.
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
    period::varchar as period,                       -- day, week, month or quarter
    value::varchar as value                          -- its first day
from periods
