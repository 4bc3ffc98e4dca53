-- One row per published cluster, breakdown and value, counted with noise. Cells below the thresholds are left out.
-- kind: view
-- grain: facet, cluster_id, breakdown, value
with

base as (
    select facet, cluster_id as base_cluster_id, breakdown, cell as value, conversations, users
    from noise cross join settings
    where relation = 'cluster_facets' and coalesce(users >= coalesce(min_users_cell, min_users) and conversations >= coalesce(min_conversations_cell, min_conversations), false)
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

-- how common a value is, is known from the top clusters that publish it, and from those that hold nothing back: they have none of it.
-- With noise, less than half of min_conversations counts as nothing. A value that some base clusters below hide counts less.
remainders as (
    select facet, breakdown, cluster_id, any_value(of_cluster) as of_cluster, any_value(of_cluster) - sum(conversations) as unpublished
    from tops
    group by facet, breakdown, cluster_id
),

overall as (
    select
        told_values.facet, told_values.breakdown, told_values.value,
        sum(tops.conversations) / sum(remainders.of_cluster) as share
    from (select distinct facet, breakdown, value from tops) as told_values
    inner join remainders using (facet, breakdown)
    left join tops
        on tops.facet = remainders.facet and tops.breakdown = remainders.breakdown
        and tops.cluster_id = remainders.cluster_id and tops.value = told_values.value
    cross join settings
    where tops.value is not null or unpublished < coalesce(min_conversations_cell, min_conversations) / 2
    group by told_values.facet, told_values.breakdown, told_values.value
    having count(*) > 1                                   -- one alone would be measured against itself
)

select
    summed.facet::varchar as facet,
    summed.cluster_id::varchar as cluster_id,
    summed.breakdown::varchar as breakdown,               -- language, concern, turns, …
    summed.value::varchar as value,
    summed.conversations::bigint as conversations,        -- with noise, rounded
    least(summed.users, summed.conversations)::bigint as users,    -- with noise, rounded, no more than conversations
    (summed.conversations / nullif(noisy_clusters.conversations, 0))::double as share,     -- of the cluster; noise can bring it above 1
    (summed.conversations / nullif(noisy_clusters.conversations, 0) / nullif(overall.share, 0))::double as lift    -- share compared with that of the top clusters that publish the value or hold nothing back; NULL if there is only one or none
from summed
inner join noisy_clusters using (facet, cluster_id)
left join overall
    on overall.facet = summed.facet and overall.breakdown = summed.breakdown and overall.value = summed.value
order by facet, cluster_id, breakdown, conversations desc, value
