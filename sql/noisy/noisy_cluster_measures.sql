-- One row per published cluster and measure: none, since the noise here is for counts, and no budget is spent on measures.
-- kind: view
-- grain: facet, cluster_id, measure
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    measure::varchar as measure,
    conversations::bigint as conversations,
    mean::double as mean,
    median::double as median,
    percentile_90::double as percentile_90
from cluster_measures
where false
