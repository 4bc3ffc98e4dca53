-- One row per share or lift that is not computed from published counts, and so could reveal an unpublished one. No rows = pass.
with

totals as (
    select facet, sum(conversations) as conversations from clusters where parent_id is null group by facet
),

cells as (
    select
        cluster_facets.*, clusters.conversations as of_cluster, clusters.parent_id is null as is_top,
        cluster_facets.conversations / nullif(clusters.conversations, 0) as own_share
    from cluster_facets left join clusters using (facet, cluster_id)
),

-- of top clusters: how often each value occurs in those that publish it, and in those that publish the whole breakdown
tops as (
    select facet, breakdown, cluster_id, any_value(of_cluster) as of_cluster, any_value(of_cluster) - sum(conversations) as unpublished
    from cells
    where is_top
    group by facet, breakdown, cluster_id
),

common as (
    select
        value_of.facet, value_of.breakdown, value_of.value,
        sum(coalesce(cells.conversations, 0)) / sum(tops.of_cluster) as share, count(*) as clusters
    from (select distinct facet, breakdown, value from cells where is_top) as value_of
    inner join tops using (facet, breakdown)
    left join cells using (facet, breakdown, value, cluster_id)
    cross join settings
    where cells.value is not null or unpublished < coalesce(min_conversations_cell, min_conversations) / 2
    group by value_of.facet, value_of.breakdown, value_of.value
)

select 'clusters' as relation, facet, cluster_id
from clusters left join totals using (facet)
where share is not null and not coalesce(abs(share - clusters.conversations / nullif(totals.conversations, 0)) < 1e-9, false)
union all
select 'cluster_facets', facet, cluster_id
from cells left join common using (facet, breakdown, value)
where cells.share is not null and not coalesce(abs(cells.share - own_share) < 1e-9, false)
    or lift is not null and not coalesce(abs(lift - own_share / nullif(common.share, 0)) < 1e-6 and clusters > 1, false)
