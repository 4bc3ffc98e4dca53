-- One row per published cluster, breakdown and value: who and what is in the cluster. What could identify someone is left out.
-- kind: view
-- grain: facet, cluster_id, breakdown, value
with

-- see published_cells for what is published, and published_figures for the day of each figure
rounded as (
    select
        facet, cluster_id, breakdown, value,
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from published_cells cross join settings
    where relation = 'cluster_facets' and round_to is not null
),

-- shares and lifts are computed from rounded counts, so they reveal no more than those
tops as (
    select
        rounded.facet, rounded.breakdown, rounded.value, rounded.conversations,
        cluster_id, clusters.conversations as of_cluster
    from rounded inner join clusters using (facet, cluster_id)
    where parent_id is null
),

-- how common a value is, is known from the top clusters that publish it, and from those that hold nothing back: they have none of it.
-- What a cluster holds back is either nothing or at least min_conversations (see published_cells), so half of that separates the two.
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
    rounded.facet::varchar as facet,                       -- with cluster_id: joins clusters
    rounded.cluster_id::varchar as cluster_id,             -- with facet: joins clusters
    rounded.breakdown::varchar as breakdown,               -- language, concern, turns, …
    rounded.value::varchar as value,                       -- of the breakdown: English, 1, …
    rounded.conversations::bigint as conversations,        -- rounded
    rounded.users::bigint as users,                        -- distinct users, rounded; NULL where cells below are held back
    (rounded.conversations / nullif(clusters.conversations, 0))::double as share,     -- of the cluster
    (rounded.conversations / nullif(clusters.conversations, 0) / nullif(overall.share, 0))::double as lift    -- share compared with that of the top clusters that publish the value or hold nothing back; NULL if there is only one or none
from rounded
inner join clusters using (facet, cluster_id)
left join overall on overall.facet = rounded.facet and overall.breakdown = rounded.breakdown and overall.value = rounded.value
order by facet, cluster_id, breakdown, conversations desc, value
