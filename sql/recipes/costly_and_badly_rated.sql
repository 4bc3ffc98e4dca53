-- Clusters of requests with what a conversation costs and how it is rated: the worst rated first, and of equals the most expensive.
-- Of a run with --measure cost_usd --measure rating.
select
    level, name,
    clusters.conversations,
    any_value(mean) filter (measure = 'rating') as rating,
    any_value(mean) filter (measure = 'cost_usd') as cost_usd,                       -- of a conversation
    any_value(percentile_90) filter (measure = 'cost_usd') as cost_usd_of_9_in_10    -- they cost at most that
from cluster_measures inner join clusters using (facet, cluster_id)
where facet = 'request' and level = 0
group by level, cluster_id, name, clusters.conversations
order by rating, cost_usd desc, name
limit 10
