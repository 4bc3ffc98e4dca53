-- One row per input row: its user and its conversation.
-- kind: view
-- grain: position
with

-- Each id is looked at once. clio_user_id says which ids are of one user, and which identify no user.
spelled as (
    select distinct user_id as spelled from given where user_id is not null
),

known as (
    select spelled, clio_user_id(spelled) as user_id from spelled
),

named as (
    select
        given.position, given.conversation_id, given.created_at, known.user_id, given.user_id as spelled,
        known.user_id is null and trim(given.user_id) <> '' as names_nobody
    from given
    left join known on known.spelled = given.user_id
),

-- Several rows have the same id: a row without a user belongs to the user that the others name.
repeated as (
    select conversation_id, min(user_id) as user_id, max(user_id) <> min(user_id) as is_shared
    from named
    where conversation_id is not null
    group by conversation_id
    having count(*) > 1
),

-- If rows of several users have the same id, the first user keeps it, so that each of them stays separate.
first_users as (
    select conversation_id, arg_min(user_id, (coalesce(created_at, 'infinity'::timestamp), user_id)) as user_id
    from named
    where user_id is not null and conversation_id in (select conversation_id from repeated where is_shared)
    group by conversation_id
)

select
    named.position::bigint as position,
    case
        when repeated.is_shared and named.user_id is distinct from first_users.user_id
            then named.conversation_id || '-' || left(md5(coalesce(named.user_id, '')), 16)
        else named.conversation_id
    end::varchar as conversation_id,                  -- NULL if the row has none
    case
        when not repeated.is_shared then coalesce(named.user_id, repeated.user_id) else named.user_id
    end::varchar as user_id,                          -- NULL: no user
    named.created_at::timestamp as created_at,
    named.spelled::varchar as spelled,                -- the user id as in the input
    named.names_nobody::boolean as names_nobody,      -- it has a user id that identifies no user, such as 'anonymous'
    (repeated.conversation_id is not null)::boolean as is_repeated    -- whether other rows have its id too
from named
left join repeated on repeated.conversation_id = named.conversation_id
left join first_users on first_users.conversation_id = named.conversation_id
