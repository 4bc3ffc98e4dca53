-- One row per published cluster and two values of a breakdown, compared by counts with noise.
-- kind: view
-- grain: facet, cluster_id, breakdown, value_a, value_b
-- Made of what is published alone; the rules are steps/clio_pairs.sql and steps/clio_compared.sql.
with

noisy_clusters as (from noisy_clusters),
noisy_cluster_facets as (from noisy_cluster_facets),
noisy_cluster_trends as (from noisy_cluster_trends),
about as (from about),

pairs as materialized (from clio_pairs('noisy_clusters', 'noisy_cluster_facets', 'noisy_cluster_trends', 'about')),

compared as (from clio_compared('pairs', 'noisy_clusters', 'noisy_cluster_facets', 'noisy_cluster_trends', 'about'))

select
    facet::varchar as facet,                        -- with cluster_id: joins clusters
    level::integer as level,                        -- of the cluster; shares are of the clusters of one level
    cluster_id::varchar as cluster_id,              -- with facet: joins clusters
    breakdown::varchar as breakdown,                -- language, plan, …; period: each complete one (a) against the one before (b)
    value_a::varchar as value_a,                    -- of the breakdown; the first day of a period
    value_b::varchar as value_b,                    -- the other value
    share_a::double as share_a,                     -- part of the conversations of value_a that the cluster has, of those whose clusters are known, 0 to 1
    share_b::double as share_b,                     -- the same of value_b
    difference::double as difference,               -- share_a minus share_b
    round(low, 6)::double as low,                             -- lower end of its 95% interval, with users as the unit
    round(high, 6)::double as high,                           -- upper end
    round(q, 6)::double as q                                  -- Benjamini-Hochberg over the clusters of the level: below 0.05, one such difference in 20 is chance
from compared
order by facet, breakdown, value_a, value_b, level desc, difference desc, cluster_id
