-- One row a published cluster that does not meet the thresholds when counted anew. No rows = pass.
with

per_user as (
    select facet, level, cluster_id, user_id, count(*) as conversations
    from memberships
    group by all
),

counted as (
    select
        facet, cluster_id,
        count(user_id) as users,
        sum(conversations) as conversations,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by all
)

select clusters.facet, clusters.cluster_id
from clusters left join counted using (facet, cluster_id) cross join settings
where clusters.cluster_id <> '(other)' and mode is distinct from 'safety'
    and not coalesce(counted.users >= min_users and counted.conversations >= min_conversations and top_user_share <= max_user_share, false)
