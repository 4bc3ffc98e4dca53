-- Clusters that are new, spiking, rising, cooling or fading, with the periods behind it; the rule is steps/clio_signals.sql.
select
    signal, clusters.facet, level, name,
    signals.period,
    signals.conversations as now,
    usual,                                                     -- mean of up to 12 complete periods before
    periods
from signals inner join clusters using (facet, cluster_id)
where signal <> 'steady'
order by signal, clusters.facet, level desc, signals.conversations desc, name
