-- Clusters that hold a much larger part of one language's conversations than of another's: English against Spanish.
with

compared as (
    select 'English' as one, 'Spanish' as other
),

cells as (
    select
        clusters.facet, clusters.level, clusters.cluster_id, clusters.parent_id, clusters.name,
        cluster_facets.value, cluster_facets.conversations
    from cluster_facets
    inner join clusters using (facet, cluster_id)
    where cluster_facets.breakdown = 'language'
),

totals as (
    select facet, value, sum(conversations) as conversations
    from cells
    where parent_id is null
    group by all
),

shares as (
    select cells.* exclude (conversations), cells.conversations / totals.conversations as share
    from cells
    inner join totals using (facet, value)
)

select
    facet, level, name,
    round(max(share) filter (value = one), 3) as share_of_one,
    round(max(share) filter (value = other), 3) as share_of_other,
    round(coalesce(max(share) filter (value = one), 0) - coalesce(max(share) filter (value = other), 0), 3) as gap    -- a hidden cell counts as 0
from shares cross join compared
where value in (one, other)
group by facet, level, cluster_id, name
order by abs(gap) desc, facet, cluster_id
limit 10
