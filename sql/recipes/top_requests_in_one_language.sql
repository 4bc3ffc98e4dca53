-- The largest clusters of requests that are in English; change the language in the one place where it occurs.
select
    clusters.name,
    cluster_facets.conversations,
    cluster_facets.users,
    round(cluster_facets.share, 2) as share_of_cluster
from cluster_facets
inner join clusters using (facet, cluster_id)
where clusters.facet = 'request' and clusters.level = 0
    and cluster_facets.breakdown = 'language' and cluster_facets.value = 'English'
order by cluster_facets.conversations desc, clusters.name
limit 10
