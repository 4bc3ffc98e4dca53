-- One row per family and value that may be published, so that what is left of each cluster gives nothing away.
-- kind: table
-- grain: facet, level, family, relation, breakdown, value
-- What is left, all values held back together, is nothing or passes the gate. Else the smallest value is held back too; if
-- that is not enough, the whole breakdown is.
with

breakdowns as (
    select distinct facet, level, family, relation, breakdown, unnest([0, 1]) as try from family_values
),

left_over as (
    select
        try, line, less,
        clio_gate(
            sum(independent), sum(conversations), max(most), any_value(coalesce(min_users_cell, min_users)),
            any_value(coalesce(min_conversations_cell, min_conversations)), any_value(max_user_share)
        ) and clio_gate(
            sum(independent_today), sum(conversations_today), max(most_today), any_value(coalesce(min_users_cell, min_users)),
            any_value(coalesce(min_conversations_cell, min_conversations)), any_value(max_user_share)
        ) and sum(conversations_today) > 0 as passes
    from left_sums cross join settings
    group by try, line, less
    having sum(conversations) > 0 or less             -- next to what another period published, nothing is too little
),

too_little as (
    select distinct left_over.try, facet, level, family, relation, breakdown
    from left_over
    inner join (select distinct line, facet, level, family, relation, breakdown from shown_cells) using (line)
    where not passes
),

first_that_is_enough as (
    select facet, level, family, relation, breakdown, min(try) as try
    from breakdowns anti join too_little using (try, facet, level, family, relation, breakdown)
    group by facet, level, family, relation, breakdown
)

select
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    value::varchar as value
from value_tries inner join first_that_is_enough using (facet, level, family, relation, breakdown, try)
