-- One row per conversation and facet that is computed, not asked: turns, length, month, and columns of the input.
-- kind: table
-- grain: conversation_id, facet
-- by: conversation_id
with

measured as (
    select
        conversation_id,
        created_at,
        len(list_filter(messages, lambda message: message.role = 'user')) as turns,
        list_sum(list_transform(messages, lambda message: length(message.content))) as characters
    from segments
),

computed as (
    select conversation_id, 'turns' as facet,
        case when turns <= 1 then '1' when turns <= 3 then '2 to 3' when turns <= 7 then '4 to 7' else '8 or more' end as value
    from measured
    union all
    select conversation_id, 'length' as facet,
        case when characters < 500 then 'short' when characters < 5000 then 'medium' else 'long' end as value
    from measured
    union all
    select conversation_id, 'month' as facet, strftime(created_at, '%Y-%m') as value
    from measured
),

wanted as (
    select distinct unnest(breakdowns) as facet from input
),

of_input as (
    select conversation_id, facet, metadata[facet] as value
    from segments cross join wanted
)

-- a column of the input replaces the computed facet of the same name
select conversation_id::varchar as conversation_id, facet::varchar as facet, value::varchar as value
from (from (from computed anti join wanted using (facet)) union all from of_input)
where value is not null
