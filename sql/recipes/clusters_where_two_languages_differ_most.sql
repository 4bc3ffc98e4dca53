-- Clusters that hold a much larger part of one language's conversations than of another's: English against Spanish.
with

compared as (
    select 'English' as one, 'Spanish' as other
),

cells as (
    select
        facet, cluster_id,
        sum(conversations) as conversations,
        sum(conversations) filter (value = one) as of_one,
        sum(conversations) filter (value = other) as of_other
    from cluster_facets cross join compared
    where breakdown = 'language'
    group by facet, cluster_id
),

-- a language that a cluster does not publish is hidden, or does not occur if nothing of the cluster is held back (but for rounding)
counted as (
    select
        facet, level, cluster_id, name,
        case when clusters.conversations - cells.conversations < min_conversations_cell / 2 then 0 end as nothing,
        coalesce(of_one, nothing) as of_one,
        coalesce(of_other, nothing) as of_other
    from cells
    inner join clusters using (facet, cluster_id)
    cross join about
),

both_known as (
    select * from counted where of_one + of_other > 0
),

totals as (
    select facet, level, sum(of_one) as of_one, sum(of_other) as of_other
    from both_known
    group by facet, level
)

select
    facet, level, name,
    round(both_known.of_one / totals.of_one, 3) as share_of_one,    -- of its conversations in these clusters of the level
    round(both_known.of_other / totals.of_other, 3) as share_of_other,
    round(both_known.of_one / totals.of_one - both_known.of_other / totals.of_other, 3) as gap
from both_known
inner join totals using (facet, level)
where totals.of_one > 0 and totals.of_other > 0
order by abs(gap) desc, facet, cluster_id
limit 10
