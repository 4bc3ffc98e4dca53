-- One row a cluster and breakdown of which all that is not told, together, is somebody but below the thresholds. No rows = pass.
with

published as (
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, 'period', strftime(period, '%Y-%m-%d') from cluster_trends
),

broken_down as (
    select distinct relation, facet, cluster_id, breakdown from published
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

left_over as (
    select
        broken_down.relation, broken_down.facet, broken_down.cluster_id, broken_down.breakdown, bases.user_id,
        case when bases.user_id is null then sum(bases.people) else 1 end as people,
        sum(bases.conversations) as conversations
    from broken_down
    inner join tree using (facet, cluster_id)
    inner join bases
        on bases.relation = broken_down.relation and bases.facet = broken_down.facet
        and bases.cluster_id = tree.base_cluster_id and bases.breakdown = broken_down.breakdown
    where not exists (
        select 1 from published
        where published.relation = broken_down.relation and published.facet = broken_down.facet
            and published.cluster_id = broken_down.cluster_id and published.breakdown = broken_down.breakdown
            and published.value = bases.value
    )
    group by broken_down.relation, broken_down.facet, broken_down.cluster_id, broken_down.breakdown, bases.user_id
)

select relation, facet, cluster_id, breakdown
from left_over cross join settings
where mode is distinct from 'safety'
group by relation, facet, cluster_id, breakdown
having not coalesce(
    sum(people) >= any_value(min_users) and sum(left_over.conversations) >= any_value(min_conversations)
    -- 0 where all who are behind it are gone since
    and coalesce(max(left_over.conversations) filter (user_id is not null), 0)
        <= any_value(max_user_share) * sum(left_over.conversations),
    false
)
