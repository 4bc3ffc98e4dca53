-- One row per conversation and breakdown: every value that clusters can be broken down by.
-- kind: view
-- grain: conversation_id, breakdown
-- by: conversation_id
with

-- a column of the input, or a computed facet, replaces the asked facet of the same name; what is asked for safety counts in
-- safety mode alone
asked as (
    select facet from facets cross join settings
    where kind in ('category', 'score') and facet not in (select facet from direct_facets)
        and (mode is not distinct from 'safety' or not starts_with(facet, 'safety_'))
),

-- of a conversation that is split, a call is of the segment of its turn
split as (
    select
        whole_id, conversation_id,
        coalesce(sum(turns) over earlier, 0) as turns_before,
        if(segment = max(segment) over (partition by whole_id), null, sum(turns) over through) as last_turn
    from (
        select *, len(list_filter(messages, lambda message: message.role = 'user')) as turns
        from segments semi join tool_calls on tool_calls.conversation_id = segments.whole_id
        where is_part
    )
    window
        earlier as (partition by whole_id order by segment rows between unbounded preceding and 1 preceding),
        through as (partition by whole_id order by segment)
),

-- each tool is a breakdown of its own: a conversation may have called several, and those that did not call it have no value
called as (
    select
        coalesce(split.conversation_id, tool_calls.conversation_id) as conversation_id,
        tool_names.breakdown,
        if(bool_or(not tool_calls.ok), 'failed', 'called') as value
    from tool_calls
    inner join tool_names using (tool)
    left join split
        on split.whole_id = tool_calls.conversation_id and greatest(tool_calls.turn, 1) > split.turns_before
        and greatest(tool_calls.turn, 1) <= coalesce(split.last_turn, tool_calls.turn, 1)
    where tool_names.is_named
    group by 1, tool_names.breakdown
)

-- months are left to cluster_trends: of two tables with the same dates, one would reveal what the other hides
select conversation_id::varchar as conversation_id, facet::varchar as breakdown, value::varchar as value
from direct_facets cross join input
where facet <> 'month' or list_contains(input.breakdowns, 'month')
union all
select conversation_id, facet, value
from facet_values inner join asked using (facet)
where value is not null
union all
-- not of a taxonomy that is a tree of its own: a leaf's total minus what its clusters tell would be what they hide
select conversation_id, facet, name
from taxonomy_answers inner join facets using (facet)
where not facets.clustered and name is not null and facet not in (select facet from direct_facets)
union all
select conversation_id, breakdown, value
from called
where breakdown not in (select facet from direct_facets) and breakdown not in (select facet from facets)
