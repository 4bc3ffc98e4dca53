-- What each cluster of requests is for: its largest uses by a fixed taxonomy that is a breakdown; change 'use' to the name of its facet.
select
    clusters.name,
    cluster_facets.value as use,
    cluster_facets.conversations,
    cluster_facets.users,
    round(cluster_facets.share, 2) as share_of_cluster
from cluster_facets
inner join clusters using (facet, cluster_id)
where clusters.facet = 'request' and clusters.level = 0 and cluster_facets.breakdown = 'use'
order by clusters.conversations desc, clusters.cluster_id, cluster_facets.conversations desc, cluster_facets.value
