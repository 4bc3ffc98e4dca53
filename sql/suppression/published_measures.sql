-- One row per cluster and measure that is published: its mean and quantiles, not rounded yet.
-- kind: table
-- grain: facet, cluster_id, measure
-- 1. A measure is published for all clusters of a family that have it, or for none (family_values): if those conversations that have
--    it pass the gate, and no one or two users have most of it (dominated_measures).
-- 2. It is published for a family only if it is published for the parent, and so on up to the top.
-- 3. A quantile is the number of one conversation. It is published only where neither the conversations with as much or more, nor
--    those with as much or less, are mostly of one or two users.
with

published_for_all as (
    select families.facet, families.cluster_id, passing.breakdown as measure
    from cluster_families as families inner join family_values as passing using (facet, level, family)
    where passing.relation = 'cluster_measures'
    group by families.facet, families.cluster_id, passing.breakdown
    having count(*) = any_value(families.families)
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

amounts as (
    select tree.facet, tree.cluster_id, figures.measure, figures.user_id, unnest(figures.amounts) as amount
    from tree
    inner join measured_figures as figures on figures.facet = tree.facet and figures.cluster_id = tree.base_cluster_id
    left join published_for_all as passing
        on passing.facet = tree.facet and passing.cluster_id = tree.cluster_id and passing.measure = figures.measure
    cross join settings
    where passing.measure is not null or mode = 'safety'           -- safety: for authorised people only: no gate
),

middle as (
    select
        facet, cluster_id, measure,
        list_avg(list(amount order by amount)) as mean,         -- in order: to the last bit the same in each build
        quantile_disc(amount, 0.5) as median,
        quantile_disc(amount, 0.9) as percentile_90
    from amounts
    group by facet, cluster_id, measure
),

per_user as (
    select
        amounts.facet, amounts.cluster_id, amounts.measure, amounts.user_id,
        count(*) filter (amount <= median) as low,
        count(*) filter (amount >= median) as high,
        count(*) filter (amount <= percentile_90) as low_90,
        count(*) filter (amount >= percentile_90) as high_90
    from amounts inner join middle using (facet, cluster_id, measure)
    group by amounts.facet, amounts.cluster_id, amounts.measure, amounts.user_id
),

judged as (
    select
        facet, cluster_id, measure,
        any_value(mode) = 'safety' or not (
            clio_dominated(max(low), list_sum(max(low, 2)), sum(low), any_value(max_user_share))
            or clio_dominated(max(high), list_sum(max(high, 2)), sum(high), any_value(max_user_share))
        ) as tells_median,
        any_value(mode) = 'safety' or not (
            clio_dominated(max(low_90), list_sum(max(low_90, 2)), sum(low_90), any_value(max_user_share))
            or clio_dominated(max(high_90), list_sum(max(high_90, 2)), sum(high_90), any_value(max_user_share))
        ) as tells_90
    from per_user cross join settings
    group by facet, cluster_id, measure
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    measure::varchar as measure,
    mean::double as mean,
    (case when tells_median then median end)::double as median,                   -- NULL: mostly of one or two users
    (case when tells_90 then percentile_90 end)::double as percentile_90          -- the same
from middle inner join judged using (facet, cluster_id, measure)
