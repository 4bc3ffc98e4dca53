-- One row per id that two conversations have, or that is in two base clusters of a facet, or has another user there, and per
-- conversation that is in one of them, or held back in one, by two of its segments. No rows = pass.
select conversation_id from segments group by conversation_id having count(*) > 1
union all
select conversation_id from assignments group by conversation_id, facet having count(*) > 1
union all
select conversation_id from breakdowns group by conversation_id, breakdown having count(*) > 1
union all
select assignments.conversation_id
from assignments
left join segments using (conversation_id)
left join conversations on conversations.conversation_id = segments.whole_id
where conversations.conversation_id is null or conversations.user_id is distinct from assignments.user_id
union all
select whole_id
from (select conversation_id, facet, cluster_id from assignments union all select conversation_id, facet, cluster_id from suppressed where cluster_id is null) as counted
inner join segments using (conversation_id)
group by whole_id, facet, cluster_id
having count(*) > 1
union all
-- nobody knows whose these are, so each counts once at most
select whole_id from segments where user_id is null group by whole_id having count(*) > 1
