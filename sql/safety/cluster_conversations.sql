-- One row per shown cluster and conversation in it: the way back, for authorised people only. Empty in any other mode.
-- kind: view
-- grain: facet, cluster_id, conversation_id
select
    memberships.facet::varchar as facet,
    memberships.level::integer as level,
    memberships.cluster_id::varchar as cluster_id,
    memberships.conversation_id::varchar as conversation_id      -- `clio-sql trace` shows it, and records who looked
from memberships
cross join settings
where settings.mode = 'safety'
order by facet, level, cluster_id, conversation_id
