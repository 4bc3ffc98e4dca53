-- One row per value that is published of a cluster, but not of a sibling that has it, or not of the parent. No rows = pass.
with

published as (
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d') from cluster_trends cross join trend_period
    union all
    select 'cluster_measures', facet, cluster_id, measure, 'known' from cluster_measures
),

there as (
    select distinct published_figures.relation, tree.facet, tree.cluster_id, tree.parent_id, published_figures.breakdown, published_figures.value
    from (select facet, cluster_id, parent_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join published_figures on published_figures.facet = tree.facet and published_figures.cluster_id = tree.base_cluster_id
    where published_figures.relation <> 'clusters'
),

children as (
    select there.*, published.cluster_id is not null as is_published
    from there left join published using (relation, facet, cluster_id, breakdown, value)
    cross join settings
    where there.parent_id is not null and mode is distinct from 'safety'
)

select relation, facet, parent_id, breakdown
from children
group by relation, facet, parent_id, breakdown, value
having bool_or(is_published) and not bool_and(is_published)
union all
select relation, facet, parent_id, breakdown
from children
where is_published and not exists (
    select 1 from published
    where published.relation = children.relation and published.facet = children.facet
        and published.cluster_id = children.parent_id and published.breakdown = children.breakdown
        and published.value = children.value
)
