-- No row: where counts carry noise, what is held back is not told, as no budget is spent on it.
-- kind: view
-- grain: facet, reason
select facet::varchar as facet, reason::varchar as reason, clusters::integer as clusters, conversations::bigint as conversations
from held_back
where false
