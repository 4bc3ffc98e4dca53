-- Clusters of requests by the share of their conversations that a model rated 3 or more for concern; 5 is dangerous.
select
    clusters.level,
    clusters.name,
    clusters.conversations,
    sum(cluster_facets.conversations) as of_concern,
    round(sum(cluster_facets.share), 2) as concern_share       -- at least this: ratings from too few users are hidden
from cluster_facets
inner join clusters using (facet, cluster_id)
where clusters.facet = 'request'
    and cluster_facets.breakdown = 'concern' and try_cast(cluster_facets.value as integer) >= 3
group by clusters.level, clusters.cluster_id, clusters.name, clusters.conversations
order by concern_share desc, of_concern desc, clusters.name
limit 10
