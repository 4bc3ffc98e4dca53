-- One row a published cell of a breakdown or a period that does not meet the thresholds when counted anew. No rows = pass.
with

published as materialized (                              -- each cell has a number: long keys are looked up here
    select *, row_number() over () as cell
    from (
        select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
        union all
        select 'cluster_trends', facet, cluster_id, 'period', strftime(period, '%Y-%m-%d') from cluster_trends
    )
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

per_user as (
    select
        published.cell, bases.user_id,
        case when bases.user_id is null then sum(bases.people) else 1 end as people,
        sum(bases.conversations) as conversations
    from published
    inner join tree using (facet, cluster_id)
    inner join bases
        on bases.relation = published.relation and bases.facet = published.facet
        and bases.cluster_id = tree.base_cluster_id
        and bases.breakdown = published.breakdown and bases.value = published.value
    group by published.cell, bases.user_id
),

counted as (
    select
        cell,
        sum(people) as users,
        sum(conversations) as conversations,
        -- nobody's, where all who are behind it are gone since
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from per_user
    group by cell
)

select published.relation, published.facet, published.cluster_id, published.breakdown
from published left join counted using (cell) cross join settings
where mode is distinct from 'safety' and not coalesce(
    published.value <> '' and users >= min_users and conversations >= min_conversations and top_user_share <= max_user_share,
    false
)
