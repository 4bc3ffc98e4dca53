-- One row per base cluster, period and value that a trend ever published, of that cluster or of one above it.
-- kind: table
-- grain: facet, base_cluster_id, period, value
-- kept: last
-- A month minus the weeks of it that were published before would give a few days. So nothing is published by one period of a time that
-- was published by another (family_values).
select
    facet::varchar as facet,
    unnest(base_cluster_ids)::varchar as base_cluster_id,
    breakdown::varchar as period,                              -- day, week, month or quarter
    value::varchar as value                                    -- its first day
from published_cells inner join hierarchy using (facet, cluster_id)
where relation = 'cluster_trends'
union
select facet, base_cluster_id, period, value
from last_published_periods
