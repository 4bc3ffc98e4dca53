-- One row per family and value of a breakdown that passes the gate in every cluster of the family that has it.
-- kind: table
-- grain: facet, level, family, relation, breakdown, value
with

family_sizes as (
    select facet, level, coalesce(parent_id, cluster_id) as family, count(*) as clusters
    from hierarchy
    group by all
),

passing as (
    select
        facet, level, family, relation, breakdown, value,
        sum(conversations) as conversations,
        count(*) = any_value(clusters) as in_all
    from cell_figures
    inner join family_sizes using (facet, level, family)
    anti join out_of_step using (facet, level, family, relation, breakdown)
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
