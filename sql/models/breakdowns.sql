-- One row a conversation and breakdown: every value that clusters can be broken down by.
-- kind: view
-- grain: conversation_id, breakdown
with

-- a column of the input, or a computed facet, takes the place of the asked facet of its name
asked as (
    select facet from facets
    where kind in ('category', 'score') and facet not in (select facet from direct_facets)
)

select conversation_id::varchar as conversation_id, facet::varchar as breakdown, value::varchar as value
from direct_facets
union all
select conversation_id, facet, value
from facet_values inner join asked using (facet)
where value is not null
