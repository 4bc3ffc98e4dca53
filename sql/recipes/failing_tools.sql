-- Which tools fail for which requests: of the conversations that called it, those in which a call failed. Both must be published.
select
    clusters.name,
    replace(failed.breakdown, 'tool: ', '') as tool,
    failed.conversations as failed,
    round(failed.conversations / (failed.conversations + called.conversations), 2) as share_of_calling
from cluster_facets as failed
inner join cluster_facets as called using (facet, cluster_id, breakdown)
inner join clusters using (facet, cluster_id)
where clusters.facet = 'request' and clusters.level = 0 and starts_with(breakdown, 'tool: ')
    and failed.value = 'failed' and called.value = 'called'
order by share_of_calling desc, failed.conversations desc, clusters.name
