-- One row per user in a basis who is in no conversation any more. No rows = pass.
select distinct user_id
from (select user_id from published_figures union all select user_id from measured_figures)
where user_id is not null and user_id not in (select user_id from conversations where user_id is not null)
