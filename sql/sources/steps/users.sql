-- One row a row of the input: whose it is, and of which conversation.
-- kind: view
-- grain: position
with

-- Each id is looked at once. clio_user_id says which are ids of one person, and which name nobody.
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

-- Ids that several rows have: a row without a user is of the one that the others name.
repeated as (
    select conversation_id, min(user_id) as user_id, max(user_id) <> min(user_id) as is_shared
    from named
    where conversation_id is not null
    group by conversation_id
    having count(*) > 1
),

-- Of an id that rows of several users have, the first keeps it, so that each of them stays apart.
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
    end::varchar as conversation_id,                  -- NULL: the row has none
    case
        when not repeated.is_shared then coalesce(named.user_id, repeated.user_id) else named.user_id
    end::varchar as user_id,                          -- NULL is nobody
    named.created_at::timestamp as created_at,
    named.spelled::varchar as spelled,                -- the user id as the input has it
    named.names_nobody::boolean as names_nobody,      -- it has one, such as 'anonymous', that is of nobody
    (repeated.conversation_id is not null)::boolean as is_repeated    -- other rows have its id, too
from named
left join repeated on repeated.conversation_id = named.conversation_id
left join first_users on first_users.conversation_id = named.conversation_id
