-- One row per family and value of a breakdown that passes the gate in every cluster of the family that has it.
-- kind: table
-- grain: facet, level, family, relation, breakdown, value
with

family_sizes as (
    select facet, level, coalesce(parent_id, cluster_id) as family, count(*) as clusters
    from hierarchy
    group by all
),

-- what an earlier build published by another period, of any cluster of the family or of one that shares a base cluster
published_elsewhere as (
    select distinct tree.facet, tree.level, tree.family, earlier.period, earlier.value::date as first_day
    from (
        select facet, level, coalesce(parent_id, cluster_id) as family, unnest(base_cluster_ids) as base_cluster_id from hierarchy
    ) as tree
    inner join earlier_periods as earlier using (facet, base_cluster_id)
),

overlapping as (
    select distinct figures.facet, figures.level, figures.family, figures.breakdown, figures.value
    from cell_figures as figures
    inner join published_elsewhere as earlier
        on earlier.facet = figures.facet and earlier.level = figures.level and earlier.family = figures.family
        and earlier.period <> figures.breakdown
        and earlier.first_day < clio_period_end(figures.breakdown, figures.value::date)
        and figures.value::date < clio_period_end(earlier.period, earlier.first_day)
    where figures.relation = 'cluster_trends' and figures.value <> ''
),

-- a correction changed what they hold, and this would reveal what another cluster has
withheld as (
    select distinct tree.facet, tree.level, tree.family, withheld_values.relation, withheld_values.breakdown, withheld_values.value
    from (
        select facet, level, coalesce(parent_id, cluster_id) as family, unnest(base_cluster_ids) as cluster_id from hierarchy
    ) as tree
    inner join withheld_values using (facet, cluster_id)
),

passing as (
    select
        facet, level, family, relation, breakdown, value,
        sum(conversations) as conversations,
        count(*) = any_value(clusters) as in_all
    from cell_figures
    inner join family_sizes using (facet, level, family)
    anti join out_of_step using (facet, level, family, relation, breakdown)
    anti join (select *, 'cluster_trends' as relation from overlapping) as overlapping
        using (facet, level, family, relation, breakdown, value)
    anti join withheld using (facet, level, family, relation, breakdown, value)
    group by facet, level, family, relation, breakdown, value
    having bool_and(passes)
)

select
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    value::varchar as value,
    (in_all and row_number() over (
        partition by facet, level, family, relation, breakdown, in_all order by conversations, value
    ) = 1)::boolean as is_smallest                              -- of the values that all clusters of the family have
from passing
