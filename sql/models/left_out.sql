-- One row a reason why rows of the source are no conversation of the analysis.
-- kind: view
-- grain: reason
with

counted as (
    select
        count(*) filter (conversation_id is null) as without_id,
        count(conversation_id) - count(distinct conversation_id) as repeated_id,
        count(distinct conversation_id) as ids
    from source
),

kept as (
    select count(*) as kept from conversations
),

sampled as (
    select count(*) as sampled from sampled_conversations
)

select reason::varchar as reason, conversations::bigint as conversations
from (
    select 'no conversation id' as reason, without_id as conversations from counted
    union all select 'an id that was there before' as reason, repeated_id from counted
    union all select 'nothing said in it' as reason, ids - kept from counted, kept
    union all select 'no place in the sample' as reason, kept - sampled from kept, sampled
)
where conversations > 0
