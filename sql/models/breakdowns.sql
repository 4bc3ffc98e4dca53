-- One row a conversation and breakdown: every value that clusters can be broken down by.
-- kind: view
-- grain: conversation_id, breakdown
select conversation_id::varchar as conversation_id, facet::varchar as breakdown, value::varchar as value
from direct_facets
union all
select conversation_id, facet, value
from facet_values join facets using (facet)
where facets.kind in ('category', 'score') and value is not null
