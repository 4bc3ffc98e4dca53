-- One row per published base cluster and level: the cluster of that level that holds it.
select
    facet::varchar as facet,
    level::integer as level,
    unnest(base_cluster_ids)::varchar as base_cluster_id,
    cluster_id::varchar as cluster_id
from hierarchy
order by all
