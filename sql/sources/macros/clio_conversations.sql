-- clio_conversations(nodes): one row per conversation, built from a relation with one row per message as clio_current_path reads it.
-- A turn is STRUCT(is_user, user_id, created_at, metadata, numbers, messages): whether a user wrote it, its other columns, its messages.
create or replace macro clio_conversations(nodes) as table
select
    conversation,
    -- the user of the conversation: not the id of whoever answered
    list_filter(turns, lambda turn: turn.is_user and turn.user_id is not null)[1].user_id::varchar as user_id,
    list_min(list_transform(turns, lambda turn: turn.created_at))::timestamp as created_at,
    flatten(list_transform(turns, lambda turn: coalesce(turn.messages, [])))
    ::struct(role varchar, content varchar)[] as messages,
    coalesce(list_filter(turns, lambda turn: turn.is_user)[1], turns[1]).metadata::map(varchar, varchar) as metadata,
    coalesce(list_filter(turns, lambda turn: turn.is_user)[1], turns[1]).numbers::map(varchar, double) as numbers
from clio_current_path(nodes);
