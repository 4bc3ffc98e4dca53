-- One row per published cluster with enough complete periods: whether it is new, spiking, rising, steady, cooling or fading.
-- kind: view
-- grain: facet, cluster_id
-- Made of what is published alone; the rule is steps/clio_signals.sql.
with

clusters as (from clusters),
cluster_trends as (from cluster_trends),
about as (from about),

judged as (from clio_signals('clusters', 'cluster_trends', 'about'))

select
    facet::varchar as facet,                               -- with cluster_id: joins clusters
    cluster_id::varchar as cluster_id,                     -- with facet: joins clusters
    signal::varchar as signal,                             -- new, spiking, rising, steady, cooling or fading
    period::date as period,                                -- first day of the last complete period, which is judged
    conversations::bigint as conversations,                -- in that period, rounded; NULL: not published of it
    round(usual, 1)::double as usual,                      -- mean of up to 12 complete periods before it
    round(recent, 1)::double as recent,                    -- mean of the last three complete periods
    round(earlier, 1)::double as earlier,                  -- mean of up to 12 complete periods before those
    first_period::date as first_period,                    -- the earliest period behind these means
    periods::integer as periods,                           -- complete periods behind them, the judged one included
    published_periods::integer as published_periods        -- of those, published of this cluster; of the others only the sum is known
from judged
order by facet, cluster_id
