-- One row per base cluster that was named although it is below the thresholds. No rows = pass.
with

per_user as (                                             -- independent: users who count towards thresholds
    select facet, cluster_id, user_id, count(*) as conversations, coalesce(bool_or(independent), false) as independent
    from assignments left join independent_texts using (conversation_id, facet)
    group by facet, cluster_id, user_id
),

counted as (
    select
        facet, cluster_id,
        count(user_id) filter (independent) as users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by facet, cluster_id
),

required as (                                             -- what was published before needs no margin
    select
        facet, cluster_id,
        if(cluster_id in (select cluster_id from last_hierarchy where last_hierarchy.facet = cluster_names.facet),
            0, clio_margin(salt, concat_ws('/', 'cluster', facet, cluster_id), cell_margin)) as margin
    from cluster_names cross join margins
)

select required.facet, required.cluster_id
from required left join counted using (facet, cluster_id) cross join settings
where mode is distinct from 'safety' and not coalesce(
    users >= min_users + margin and conversations >= min_conversations and top_user_share <= max_user_share, false
)
