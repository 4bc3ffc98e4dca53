-- Clusters that are new, spiking, rising, cooling or fading, with the weeks behind it; the rule is steps/clio_signals.sql.
select
    signal, clusters.facet, level, name,
    signals.period as week,
    signals.conversations as now,
    usual,                                                     -- mean of up to 12 complete weeks before
    periods as weeks
from signals inner join clusters using (facet, cluster_id)
where signal <> 'steady'
order by signal, clusters.facet, level desc, signals.conversations desc, name
