-- One row if `about` does not state the thresholds that were in force. No rows = pass.
select count(*) as rows
from about cross join settings
having count(*) <> 1 or bool_or(
    about.mode is distinct from settings.mode
    or about.min_users is distinct from settings.min_users
    or about.min_conversations is distinct from settings.min_conversations
    or about.max_user_share is distinct from settings.max_user_share
    or about.min_audit_rating is distinct from settings.min_audit_rating
    or about.round_to is distinct from settings.round_to
    or about.epsilon is distinct from settings.epsilon
)
