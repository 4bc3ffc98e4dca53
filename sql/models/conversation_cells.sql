-- One row per conversation and figure that it counts in; how many of them a user has is in cells.
-- kind: view
-- grain: conversation_id, relation, facet, cluster_id, breakdown, value
-- by: conversation_id
with

members as (
    select facet, cluster_id, conversation_id, user_id, coalesce(independent, false) as independent
    from memberships left join independent_texts using (conversation_id, facet)
    where level = 0
),

kinds as (
    select breakdown from breakdown_names where relation = 'cluster_facets'
),

measures as (
    select breakdown as measure from breakdown_names where relation = 'cluster_measures'
),

-- a conversation without a value has the value '', which is never published: so the values of a cluster cover all of it
counted as (
    select
        'clusters' as relation, facet, cluster_id, '' as breakdown, '' as value, conversation_id, user_id, independent
    from members

    union all

    select 'cluster_facets', members.facet, members.cluster_id, kinds.breakdown, coalesce(breakdowns.value, ''),
        members.conversation_id, members.user_id, members.independent
    from members
    cross join kinds
    left join breakdowns
        on breakdowns.conversation_id = members.conversation_id and breakdowns.breakdown = kinds.breakdown

    union all

    select
        'cluster_trends', members.facet, members.cluster_id, periods.period,
        coalesce(strftime(date_trunc(periods.period, segments.created_at), '%Y-%m-%d'), ''),
        members.conversation_id, members.user_id, members.independent
    from members
    inner join segments using (conversation_id)
    cross join periods

    union all

    select
        'cluster_measures', members.facet, members.cluster_id, measures.measure,
        case when measured.amount is null then '' else 'known' end, members.conversation_id, members.user_id, members.independent
    from members
    cross join measures
    left join measured on measured.conversation_id = members.conversation_id and measured.measure = measures.measure

    union all

    select 'clusters', facet, '(other)', '', '', conversation_id, user_id, independent
    from suppressed

    union all

    select 'held_back', facet, '(other)', 'reason', reason, conversation_id, user_id, independent
    from suppressed
)

select
    conversation_id::varchar as conversation_id,
    relation::varchar as relation,                 -- the published relation that it is for
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- of level 0, or (other)
    breakdown::varchar as breakdown,               -- '' for the cluster as a whole; of a trend, its period: week, month, …; a measure
    value::varchar as value,                       -- of a measure: known
    user_id::varchar as user_id,                   -- NULL: a conversation without a user id
    independent::boolean as independent            -- whether it lets its user count towards thresholds, see independent_texts
from counted
