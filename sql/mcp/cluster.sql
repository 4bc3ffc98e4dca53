-- One row per published cluster of that id: where it stands in the tree, its children, breakdowns, measures and periods.
with

tree as (from clio_tree)

select
    clusters.facet, clusters.level, clusters.cluster_id, clusters.parent_id, clusters.name, clusters.description,
    tree.path, clusters.conversations, clusters.users, clusters.share, clusters.loose,
    (
        select list({'cluster_id': cluster_id, 'name': name, 'conversations': conversations, 'users': users, 'share': share}
            order by conversations desc, cluster_id)
        from clusters as children
        where children.facet = clusters.facet and children.parent_id = clusters.cluster_id
    ) as children,
    (
        select list({'breakdown': breakdown, 'value': value, 'conversations': conversations, 'users': users, 'share': share, 'lift': lift}
            order by breakdown, conversations desc, value)
        from cluster_facets
        where cluster_facets.facet = clusters.facet and cluster_facets.cluster_id = clusters.cluster_id
    ) as breakdowns,
    (
        select list({'measure': measure, 'conversations': conversations, 'mean': mean, 'median': median, 'percentile_90': percentile_90}
            order by measure)
        from cluster_measures
        where cluster_measures.facet = clusters.facet and cluster_measures.cluster_id = clusters.cluster_id
    ) as measures,
    (
        select list({'period': period, 'conversations': conversations, 'users': users, 'complete': complete} order by period)
        from cluster_trends
        where cluster_trends.facet = clusters.facet and cluster_trends.cluster_id = clusters.cluster_id
    ) as periods
from clusters
inner join tree using (facet, cluster_id)
where clusters.cluster_id = $cluster_id and (clusters.facet = $facet or $facet is null)
order by clusters.facet
