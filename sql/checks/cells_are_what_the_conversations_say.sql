-- One row per breakdown of a base cluster, or of all that is held back, whose figures differ from those of the
-- conversations when they are counted again. No rows = pass.
--
-- A figure is compared by how many conversations it has and by a sum of hashes over the users who had them.
with

placed as materialized (                                  -- each conversation that is analysed, in its base cluster or held back
    select
        facets.facet, segments.conversation_id, segments.user_id, segments.created_at,
        hierarchy.cluster_id as shown_id, assignments.cluster_id as own_id,
        coalesce(independent_texts.independent, assignments.cluster_id is null) as independent
    from segments
    semi join (from screened where kept) as analysed on analysed.conversation_id = segments.conversation_id
    cross join (select facet from facets where clustered) as facets
    left join assignments
        on assignments.conversation_id = segments.conversation_id and assignments.facet = facets.facet
    left join independent_texts
        on independent_texts.conversation_id = segments.conversation_id and independent_texts.facet = facets.facet
    left join hierarchy
        on hierarchy.facet = facets.facet and hierarchy.level = 0 and hierarchy.cluster_id = assignments.cluster_id
    anti join uncounted_segments as uncounted
        on uncounted.conversation_id = segments.conversation_id and uncounted.facet = facets.facet
    anti join hidden_clusters as hidden on hidden.facet = facets.facet and hidden.cluster_id = assignments.cluster_id
),

counted_periods as (                                       -- those that are counted now; a build that changed nothing keeps more
    select period from periods
    union
    select breakdown from cells where relation = 'cluster_trends'
),

counted as (
    select 'clusters' as relation, facet, coalesce(shown_id, '(other)') as cluster_id, '' as breakdown, '' as value, user_id, independent
    from placed
    union all
    select 'held_back', facet, '(other)', 'reason', 'any', user_id, independent
    from placed
    where shown_id is null
    union all
    select 'cluster_facets', facet, shown_id, kinds.breakdown, coalesce(breakdowns.value, ''), user_id, independent
    from placed
    cross join (select distinct breakdown from breakdowns) as kinds
    left join breakdowns
        on breakdowns.conversation_id = placed.conversation_id and breakdowns.breakdown = kinds.breakdown
    where shown_id is not null
    union all
    select
        'cluster_trends', facet, shown_id, counted_periods.period,
        coalesce(strftime(date_trunc(counted_periods.period, created_at), '%Y-%m-%d'), ''), user_id, independent
    from placed cross join counted_periods
    where shown_id is not null
    union all
    select
        'cluster_measures', facet, shown_id, counted_measures.measure, if(measured.amount is null, '', 'known'), user_id, independent
    from placed
    cross join (select distinct measure from measured) as counted_measures
    left join measured
        on measured.conversation_id = placed.conversation_id and measured.measure = counted_measures.measure
    where shown_id is not null
),

compared as (                                            -- counts minus what the cells say
    select
        relation, facet, cluster_id, breakdown, value,
        count(*) as conversations, sum(hash(user_id)) as users, sum(distinct hash(user_id)) filter (independent and user_id is not null) as independent
    from counted
    group by relation, facet, cluster_id, breakdown, value
    union all
    select                                                -- how many clusters, with no user behind the number
        'held_back', facet, '(other)', 'clusters', 'any', count(distinct own_id), count(distinct own_id) * hash(null::varchar)::hugeint, 0
    from placed
    where shown_id is null
    group by facet
    union all
    select
        relation, facet, cluster_id, breakdown, value,
        -sum(conversations), -sum(conversations * hash(user_id)::hugeint), -sum(distinct hash(user_id)) filter (independent)
    from (select * replace (if(relation = 'held_back', 'any', value) as value) from cells)
    group by relation, facet, cluster_id, breakdown, value
)

select relation, facet, cluster_id, breakdown
from compared
group by relation, facet, cluster_id, breakdown, value
having sum(conversations) <> 0 or sum(users) <> 0 or sum(independent) <> 0
