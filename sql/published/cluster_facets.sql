-- One row a published cluster, breakdown and value: who and what is in the cluster. What could give somebody away is left out.
-- kind: view
-- grain: facet, cluster_id, breakdown, value
with

-- see told_cells for what is told, and bases for the day of each figure
rounded as (
    select
        facet, cluster_id, breakdown, value,
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from told_cells cross join settings
    where relation = 'cluster_facets' and round_to is not null
),

-- shares and lifts are made of rounded counts, so that they tell no more than those
tops as (
    select
        rounded.facet, rounded.breakdown, rounded.value, rounded.conversations,
        cluster_id, clusters.conversations as of_cluster
    from rounded inner join clusters using (facet, cluster_id)
    where parent_id is null
),

-- where a breakdown is not told at all, it is not known either how common a value is
totals as (
    select facet, breakdown, sum(of_cluster) as total
    from (select distinct facet, breakdown, cluster_id, of_cluster from tops)
    group by facet, breakdown
),

overall as (
    select facet, breakdown, value, sum(conversations) / any_value(total) as share
    from tops inner join totals using (facet, breakdown)
    group by facet, breakdown, value
)

select
    rounded.facet::varchar as facet,                       -- with cluster_id: joins clusters
    rounded.cluster_id::varchar as cluster_id,             -- with facet: joins clusters
    rounded.breakdown::varchar as breakdown,               -- language, concern, turns, …
    rounded.value::varchar as value,                       -- of the breakdown: English, 1, …
    rounded.conversations::bigint as conversations,        -- rounded
    rounded.users::bigint as users,                        -- distinct people, rounded; NULL where cells below are not told
    (rounded.conversations / nullif(clusters.conversations, 0))::double as share,     -- of the cluster
    (rounded.conversations / nullif(clusters.conversations, 0) / nullif(overall.share, 0))::double as lift    -- share against that of all top clusters that tell the breakdown; NULL where that is not shown
from rounded
inner join clusters using (facet, cluster_id)
left join overall on overall.facet = rounded.facet and overall.breakdown = rounded.breakdown and overall.value = rounded.value
order by facet, cluster_id, breakdown, conversations desc, value
