-- One row a published cluster, breakdown and value, counted with noise. Cells below the thresholds are left out.
-- kind: view
-- grain: facet, cluster_id, breakdown, value
with

base as (
    select facet, cluster_id as base_cluster_id, breakdown, cell as value, conversations, users
    from noise cross join settings
    where relation = 'cluster_facets' and coalesce(users >= min_users and conversations >= min_conversations, false)
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

summed as (
    select
        facet, cluster_id, breakdown, value,
        round(sum(conversations) / any_value(round_to)) * any_value(round_to) as conversations,
        round(sum(users) / any_value(round_to)) * any_value(round_to) as users
    from tree inner join base using (facet, base_cluster_id) cross join settings
    where round_to is not null
    group by facet, cluster_id, breakdown, value
),

tops as (
    select summed.facet, breakdown, value, summed.conversations, cluster_id, noisy_clusters.conversations as of_cluster
    from summed inner join noisy_clusters using (facet, cluster_id)
    where parent_id is null
),

-- where no value of a breakdown is published, it is not known either how common one is
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
    summed.facet::varchar as facet,
    summed.cluster_id::varchar as cluster_id,
    summed.breakdown::varchar as breakdown,               -- language, concern, turns, …
    summed.value::varchar as value,
    summed.conversations::bigint as conversations,        -- with noise, rounded
    summed.users::bigint as users,                        -- with noise, rounded
    (summed.conversations / nullif(noisy_clusters.conversations, 0))::double as share,     -- of the cluster; noise can bring it above 1
    (summed.conversations / nullif(noisy_clusters.conversations, 0) / nullif(overall.share, 0))::double as lift    -- share against that of all top clusters with the breakdown
from summed
inner join noisy_clusters using (facet, cluster_id)
left join overall
    on overall.facet = summed.facet and overall.breakdown = summed.breakdown and overall.value = summed.value
order by facet, cluster_id, breakdown, conversations desc, value
