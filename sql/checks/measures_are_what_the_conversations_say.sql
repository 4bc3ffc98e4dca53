-- One row per published measure of a cluster that differs from what the conversations, or the last build, say when it is
-- computed again. No rows = pass.
--
-- Of each base cluster the numbers are all of today or all of the last build. To two significant digits a number moves by less
-- than 5%.
with

assigned as (
    select assignments.facet, assignments.cluster_id, input.measure, try_cast(metadata[input.measure] as double) as number
    from assignments
    inner join segments using (conversation_id)
    cross join (select distinct unnest(measures) as measure from input) as input
),

today as (
    select facet, cluster_id, measure, number as amount
    from assigned
    where number < 'infinity'::double and number > '-infinity'::double
),

basis as (
    select facet, cluster_id, measure, unnest(amounts) as amount from measured_figures
),

sources as (
    select 'basis' as day, * from basis
    union all
    select 'today', * from today
    union all
    select 'last', figures.facet, coalesce(merged.cluster_id, figures.cluster_id), measure, unnest(amounts)
    from last_measured_figures as figures
    left join merged_clusters as merged on merged.facet = figures.facet and merged.found_id = figures.cluster_id
),

lines as (
    select day, facet, cluster_id, measure, list(amount order by amount) as amounts
    from sources
    group by day, facet, cluster_id, measure
),

-- compared one by one, from the smallest to the largest
different as (
    select basis.facet, basis.cluster_id, basis.measure
    from (from lines where day = 'basis') as basis
    left join lines as others
        on others.facet = basis.facet and others.cluster_id = basis.cluster_id and others.measure = basis.measure
        and others.day <> 'basis' and len(others.amounts) = len(basis.amounts)
        and list_max(list_transform(
            list_zip(others.amounts, basis.amounts), lambda pair: abs(pair[1] - pair[2]) - 0.051 * abs(pair[1])
        )) <= 0
    where others.day is null
),

counted as (
    select
        tree.facet, tree.cluster_id, basis.measure, avg(amount) as mean, count(*) as conversations,
        list(amount order by amount) as amounts
    from (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join basis on basis.facet = tree.facet and basis.cluster_id = tree.base_cluster_id
    group by tree.facet, tree.cluster_id, basis.measure
)

select measures.facet, measures.cluster_id, measures.measure
from cluster_measures as measures left join counted using (facet, cluster_id, measure)
where not coalesce(
    abs(measures.mean - counted.mean) <= 0.051 * abs(counted.mean) + 1e-300
    -- a quantile is the number in its place, to the digit
    and coalesce(measures.median = counted.amounts[ceil(0.5 * counted.conversations)::bigint], measures.median is null)
    and coalesce(measures.percentile_90 = counted.amounts[ceil(0.9 * counted.conversations)::bigint], measures.percentile_90 is null)
    -- and no number says more than two digits
    and measures.mean = format('{:.1e}', measures.mean)::double,
    false
)
union all
select facet, cluster_id, measure from different
