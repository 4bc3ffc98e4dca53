-- One row per hidden or merged cluster that stands in the tree, and per published value that is withheld since a cluster was
-- hidden, merged or moved: a parent's figure before minus its figure now is what that cluster has. No rows = pass.
with

based as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

values_published as (
    select 'cluster_facets' as relation, facet, cluster_id, breakdown, value from cluster_facets
    union all
    select 'cluster_trends', facet, cluster_id, trend_period.period, strftime(cluster_trends.period, '%Y-%m-%d')
    from cluster_trends cross join trend_period
    union all
    select 'cluster_measures', facet, cluster_id, measure, 'known' from cluster_measures
)

select based.facet, based.cluster_id
from based
inner join corrections as hides on hides.facet = based.facet and hides.kind = 'hide'
where based.base_cluster_id = hides.cluster_id or based.cluster_id = hides.cluster_id
    or (based.facet, based.base_cluster_id) in (select (facet, cluster_id) from hidden_clusters)
union all
select based.facet, based.cluster_id
from based semi join merged_clusters as merged on merged.facet = based.facet and merged.found_id = based.base_cluster_id
union all
select based.facet, based.cluster_id
from based
inner join withheld_values as withheld on withheld.facet = based.facet and withheld.cluster_id = based.base_cluster_id
inner join values_published
    on values_published.facet = based.facet and values_published.cluster_id = based.cluster_id
    and values_published.relation = withheld.relation and values_published.breakdown = withheld.breakdown and values_published.value = withheld.value
cross join settings
where mode is distinct from 'safety'
