-- One row per facet with shown clusters: why its tree is rebuilt, if it is. Otherwise the last build's tree is kept and mended.
-- kind: table
-- grain: facet
-- kept: last
with

counted as (
    select
        base_clusters.facet,
        count(*) as base_size,
        list(cluster_id order by cluster_id) as cluster_ids,
        case when count(*) <= any_value(top_clusters) then 1 else any_value(settings.levels) end as levels,
        any_value(coalesce(settings.tree_by, case when provider = 'local' then 'centroids' else 'names' end)) as tree_by,
        any_value(concat_ws(
            ' ', settings.tree_by, settings.levels, top_clusters, neighbourhood, sample_texts, max_texts_per_user,
            build_info.provider, build_info.naming_model, md5(criteria)
        )) as shape
    from base_clusters inner join facets using (facet) cross join settings cross join build_info
    group by base_clusters.facet
),

-- conversations in clusters that did not exist when the tree was built
strangers as (
    select
        base_clusters.facet,
        coalesce(sum(conversations) filter (not list_contains(last_trees.grown_from, cluster_id)), 0) / sum(conversations) as new_share
    from base_clusters inner join last_trees on last_trees.facet = base_clusters.facet
    group by base_clusters.facet
),

judged as (
    select
        counted.*,
        last_trees.grown_from,
        case
            when last_trees.facet is null then 'first'
            when fits.reason = 'asked' then 'asked'
            when last_trees.shape is distinct from counted.shape then 'settings'
            when last_trees.levels is distinct from counted.levels then 'levels'
            when strangers.new_share > regrow_share then 'changed'
        end as reason
    from counted
    cross join settings
    left join last_trees on last_trees.facet = counted.facet
    left join strangers on strangers.facet = counted.facet
    left join fits on fits.facet = counted.facet
)

select
    facet::varchar as facet,
    levels::integer as levels,                                                -- including the base
    tree_by::varchar as tree_by,                                              -- what groups clusters: names or centroids
    shape::varchar as shape,                                                  -- the settings that decide its shape and names
    (case when reason is null then grown_from else cluster_ids end)::varchar[] as grown_from,     -- its base clusters when it was built
    reason::varchar as reason                                                 -- NULL: the last tree is kept
from judged
