-- One row per published cluster: how large a part of each of two values it has, and whether that differs; the largest difference first.
select
    compared.facet, compared.level, compared.cluster_id, clusters.name,
    compared.share_a, compared.share_b, compared.difference, compared.low, compared.high, compared.q
from clio_compare($breakdown, $a, $b) as compared
inner join clusters using (facet, cluster_id)
where compared.facet = $facet or $facet is null
order by compared.facet, compared.level desc, abs(compared.difference) desc, compared.cluster_id
