-- One row per reason why rows of the input are not in the analysis, add no user to it, or are shortened.
-- kind: view
-- grain: reason
with

counted as (
    select
        count(*) filter (conversation_id is null) as without_id,
        count(conversation_id) - count(distinct conversation_id) as repeated_id,
        count(distinct conversation_id) as ids,
        sum(parts - 1) as merged,
        count(*) filter (names_nobody and user_id is null) as nameless
    from source
),

kept as (
    select count(*) as kept from conversations
),

uncounted as (
    select count(distinct conversation_id) as conversations, count(distinct user_id) as users
    from source
    where user_id is not null and user_id not in (select user_id from counted_users where user_id is not null)
),

sampled as (
    select count(*) as sampled from sampled_conversations
),

nameless_calls as (
    select count(distinct conversation_id) as calling from tool_calls where tool is null
),

cut as (
    select count(distinct conversation_id) as cut from cut_turns
)

select reason::varchar as reason, conversations::bigint as conversations
from (
    select 'no conversation id' as reason, without_id as conversations from counted
    union all select 'an id that was there before' as reason, repeated_id from counted
    union all select 'its messages in a longer one of the same person' as reason, merged from counted
    union all select 'a user id that names nobody; it is analysed and adds no user' as reason, nameless from counted
    union all
    select concat('one of ', users, ' users whom counted_users leaves out; it is analysed and adds no user'), conversations
    from uncounted
    union all select 'nothing said in it' as reason, ids - kept from counted, kept
    union all select 'no place in the sample' as reason, kept - sampled from kept, sampled
    union all select 'a tool call without a readable name, which counts for no tool' as reason, calling from nameless_calls
    union all select 'text of the operator in it, which alone is left out' as reason, cut from cut
)
where conversations > 0
