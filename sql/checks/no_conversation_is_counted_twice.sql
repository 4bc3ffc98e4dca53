-- One row per id that two conversations have, or that is in two base clusters of a facet, or has another user there. No rows = pass.
select conversation_id from conversations group by conversation_id having count(*) > 1
union all
select conversation_id from assignments group by conversation_id, facet having count(*) > 1
union all
select conversation_id from breakdowns group by conversation_id, breakdown having count(*) > 1
union all
select assignments.conversation_id
from assignments left join conversations using (conversation_id)
where conversations.conversation_id is null or conversations.user_id is distinct from assignments.user_id
