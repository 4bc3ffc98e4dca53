-- One row per published cluster that does not meet the thresholds, today or on the day of its figures. No rows = pass.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

per_user as (                                             -- independent: users who count towards thresholds
    select 'today' as day, tree.facet, tree.cluster_id, user_id, count(*) as conversations, max(independent::integer) as independent
    from tree
    inner join assignments on assignments.facet = tree.facet and assignments.cluster_id = tree.base_cluster_id
    left join independent_texts
        on independent_texts.conversation_id = assignments.conversation_id and independent_texts.facet = assignments.facet
    group by tree.facet, tree.cluster_id, user_id
    union all
    -- without a user_id a row is of users who are in no conversation any more, as many as it says: those of one base
    -- cluster may be among those of another
    select 'basis', tree.facet, tree.cluster_id, user_id, sum(conversations), max(independent_people)
    from tree inner join published_figures on published_figures.facet = tree.facet and published_figures.cluster_id = tree.base_cluster_id
    where relation = 'clusters'
    group by tree.facet, tree.cluster_id, user_id
),

counted as (
    select
        facet, cluster_id, day,
        sum(independent) filter (user_id is not null or day = 'basis') as users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by facet, cluster_id, day
),

required as (                                             -- a parent, and what was published before, needs no margin
    select
        facet, cluster_id,
        if(level = 0 and cluster_id not in (select cluster_id from last_hierarchy where last_hierarchy.facet = clusters.facet),
            clio_margin(salt, concat_ws('/', 'cluster', facet, cluster_id), cell_margin), 0) as margin
    from clusters cross join margins
    where cluster_id <> '(other)'
)

select required.facet, required.cluster_id
from required left join counted using (facet, cluster_id) cross join settings
where mode is distinct from 'safety'
group by required.facet, required.cluster_id
having count(counted.day) <> 2 or not bool_and(coalesce(
    users >= min_users + margin and conversations >= min_conversations and top_user_share <= max_user_share, false
))
