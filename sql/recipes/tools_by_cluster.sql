-- Which tools are called for which requests, the most called first: conversations that called it, whether or not it failed.
select
    clusters.name,
    replace(cluster_facets.breakdown, 'tool: ', '') as tool,
    sum(cluster_facets.conversations) as conversations,
    round(sum(cluster_facets.share), 2) as share_of_cluster
from cluster_facets
inner join clusters using (facet, cluster_id)
where clusters.facet = 'request' and clusters.level = 0 and starts_with(cluster_facets.breakdown, 'tool: ')
group by clusters.cluster_id, clusters.name, cluster_facets.breakdown
order by conversations desc, clusters.name, tool
