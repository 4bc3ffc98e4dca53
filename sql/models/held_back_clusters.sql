-- One row per facet, reason and base cluster that is held back for it. Without a cluster: conversations that have no answer.
-- kind: table
-- grain: facet, reason, cluster_id
-- by: conversation_id; distinct
select distinct
    facet::varchar as facet,
    reason::varchar as reason,
    cluster_id::varchar as cluster_id
from suppressed
