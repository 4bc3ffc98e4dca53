-- One row per conversation of WildChat-1M, whose users are known by a hash of their address.
-- kind: view
-- grain: conversation_id
-- a row is: a conversation
-- needs: conversation_id text from conversation_hash, messages list from conversation
-- optional: user_id text from hashed_ip, created_at time from timestamp or created_at
select
    conversation_id::varchar as conversation_id,
    -- some releases have the hash on each message only
    coalesce(user_id, list_filter(messages ->> '$[*].hashed_ip', lambda hashed_ip: hashed_ip is not null)[1])
    ::varchar as user_id,
    created_at::timestamp as created_at,              -- UTC
    clio_messages(messages, null)::struct(role varchar, content varchar)[] as messages,
    metadata::map(varchar, varchar) as metadata,      -- model, language, country, state, toxic, …
    numbers::map(varchar, double) as numbers
from raw
