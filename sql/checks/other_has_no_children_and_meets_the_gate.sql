-- One row per facet whose (other) occurs twice, is in the tree, or does not meet the thresholds, today or on the day of
-- its figures. No rows = pass.
with

per_user as (
    select
        'today' as day, facets.facet, segments.user_id, count(*) as conversations,
        -- independent: users who count towards thresholds; so do all whose conversations have nothing to cluster
        max(coalesce(independent_texts.independent, assignments.cluster_id is null)::integer) as independent
    from segments
    semi join (from screened where kept) as analysed on analysed.conversation_id = segments.conversation_id
    cross join facets
    left join assignments
        on assignments.conversation_id = segments.conversation_id and assignments.facet = facets.facet
    left join independent_texts
        on independent_texts.conversation_id = segments.conversation_id and independent_texts.facet = facets.facet
    left join hierarchy
        on hierarchy.facet = facets.facet and hierarchy.level = 0 and hierarchy.cluster_id = assignments.cluster_id
    anti join uncounted_segments as uncounted
        on uncounted.conversation_id = segments.conversation_id and uncounted.facet = facets.facet
    anti join hidden_clusters as hidden on hidden.facet = facets.facet and hidden.cluster_id = assignments.cluster_id
    where facets.clustered and hierarchy.cluster_id is null
    group by facets.facet, segments.user_id
    union all
    -- without a user_id, a row of a basis is of users who are in no conversation any more, as many as it says
    select 'basis', facet, user_id, sum(conversations), sum(independent_people)
    from published_figures
    where relation = 'clusters' and cluster_id = '(other)'
    group by facet, user_id
),

counted as (
    select
        facet, day,
        sum(independent) filter (user_id is not null or day = 'basis') as users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by facet, day
),

passing as (
    select facet
    from counted cross join settings cross join margins
    group by facet
    having count(*) = 2 and bool_and(
        mode is not distinct from 'safety'
        or users >= min_users + clio_margin(salt, 'cluster/(other)', cell_margin)
        and conversations >= min_conversations and top_user_share <= max_user_share
    )
)

select facet
from clusters
where cluster_id = '(other)'
group by facet
having count(*) > 1 or bool_or(parent_id is not null) or facet not in (from passing)
union all
select facet from clusters where parent_id = '(other)'
