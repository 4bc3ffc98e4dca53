-- One row per try and value of a breakdown that it would publish: try 0 all values that may be published, try 1 all but the smallest.
-- kind: view
-- grain: try, facet, level, family, relation, breakdown, value
with

tries as (
    select *, 0 as try from family_values
    union all
    select *, 1 from family_values where not is_smallest
)

select
    try::integer as try,
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    value::varchar as value
from tries
