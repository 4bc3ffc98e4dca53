-- One row per conversation that is already in the canonical shape: a list of role and content.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- needs: conversation_id text, messages list
-- optional: user_id text, created_at time, own_metadata json from metadata
select
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,                      -- NULL counts as no user
    created_at::timestamp as created_at,              -- UTC
    clio_messages(messages, null)::struct(role varchar, content varchar)[] as messages,   -- in the order given
    map_concat(                                       -- a metadata column of its own first
        coalesce(try_cast(own_metadata as map(varchar, varchar)), map {}),
        metadata
    )::map(varchar, varchar) as metadata,
    numbers::map(varchar, double) as numbers
from raw
