-- One row per input row whose id occurs several times: whether its messages are the conversation, or other rows hold them.
-- kind: view
-- grain: position
with

own as (
    select *, beginnings[-1] as whole, len(hashes) as messages from turns where is_repeated
),

-- A row that another row of its id begins with, or that occurs twice, adds nothing.
held as (
    select distinct conversation_id, unnest(beginnings[:-2]) as whole from own
),

counted as (
    select
        own.*,
        held.whole is null
        and row_number() over (partition by own.conversation_id, own.whole order by own.created_at, own.position) = 1
            as is_left
    from own
    left join held on held.conversation_id = own.conversation_id and held.whole = own.whole
),

-- Of those that begin with the same words and then differ, the longest is the conversation: a repeated question, an answer
-- that was asked for again. Those that begin with other words continue where the one before ended.
longest as (
    select
        *,
        max(turns) over begin as most_turns,
        row_number() over (begin order by is_left desc, messages desc, created_at desc, position desc) as place
    from counted
    window begin as (partition by conversation_id, hashes[1])
),

chosen as (
    select *, is_left and (place = 1 or most_turns = 1) as is_chosen from longest
),

placed as (
    select
        position, is_chosen, messages, hashes,
        first_value(position) over (
            partition by conversation_id order by is_chosen desc, created_at, position
        ) as stands_for_it,
        count(*) filter (is_chosen) over (partition by conversation_id) > 1 as is_joined,
        lag(if(is_chosen, hashes, null)) over (
            partition by conversation_id order by is_chosen desc, created_at, position
        ) as hashes_before
    from chosen
)

select
    position::bigint as position,
    is_chosen::boolean as is_chosen,
    stands_for_it::bigint as stands_for_it,           -- the row that is the conversation of its id, or its beginning
    is_joined::boolean as is_joined,                  -- whether several rows of the id are combined
    -- how many messages of a chosen row also end the one before: a history that was cut to its last messages
    case when is_joined and is_chosen then coalesce(list_max(list_filter(
        range(1, messages + 1), lambda n: hashes[:n] = hashes_before[-n:]
    )), 0) else 0 end::bigint as repeats
from placed
