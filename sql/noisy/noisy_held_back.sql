-- One row per facet and reason: none, since with noise no budget is spent on what is held back.
-- kind: view
-- grain: facet, reason
select facet::varchar as facet, reason::varchar as reason, clusters::integer as clusters, conversations::bigint as conversations
from held_back
where false
