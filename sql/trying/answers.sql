-- One row per different answer to a facet that was tried: how many conversations have it, and whether it may be shown anywhere.
select
    answered.value::varchar as value,
    count(*)::bigint as conversations,
    bool_and(                                                     -- an answer of other words may hold what a user wrote
        list_contains(coalesce(facets.choices, []), answered.value) or (facets.kind = 'score' and regexp_full_match(answered.value, '[1-5]'))
    )::boolean as is_choice
from answered
cross join wanted
inner join facets using (facet)
where answered.value is not null
group by answered.value
order by conversations desc, answered.value
