-- One row if `about` does not state the thresholds that were in force. No rows = pass.
select count(*) as rows
from about cross join settings
having count(*) <> 1 or bool_or(
    about.mode is distinct from settings.mode
    or about.min_users is distinct from settings.min_users
    or about.min_conversations is distinct from settings.min_conversations
    or about.min_users_cell is distinct from coalesce(settings.min_users_cell, settings.min_users)
    or about.min_conversations_cell is distinct from coalesce(settings.min_conversations_cell, settings.min_conversations)
    or about.max_user_share is distinct from settings.max_user_share
    or about.min_users_named is distinct from settings.min_users_named
    or about.sensitive_share is distinct from settings.sensitive_share
    or about.near_identical is distinct from settings.near_identical
    or about.max_text_share is distinct from settings.max_text_share
    or about.threshold_margin is distinct from settings.threshold_margin
    or about.threshold_margin_of is distinct from settings.threshold_margin_of
    or about.term_band is distinct from settings.term_band
    or about.naming_sees is distinct from settings.naming_sees
    or about.max_texts_per_user is distinct from settings.max_texts_per_user
    or about.min_audit_rating is distinct from settings.min_audit_rating
    or about.round_to is distinct from settings.round_to
    or about.epsilon is distinct from settings.epsilon
    or about.conversations_per_user is distinct from settings.conversations_per_user
)
