-- One row per published cluster that is new, spiking, rising, cooling or fading, or has the one signal that is asked for.
select
    signals.facet, clusters.level, signals.cluster_id, clusters.name, signals.signal, signals.period,
    signals.conversations, signals.usual, signals.recent, signals.earlier, signals.periods
from signals
inner join clusters using (facet, cluster_id)
where (signals.facet = $facet or $facet is null)
    and (signals.signal = $signal or $signal is null and signals.signal <> 'steady')
order by signals.facet, signals.signal, clusters.level desc, signals.recent desc, signals.cluster_id
