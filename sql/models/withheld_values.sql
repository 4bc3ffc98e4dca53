-- One row per base cluster and breakdown value that it and every cluster above it withhold, since another was hidden, merged or moved.
-- kind: table
-- grain: facet, corrected_id, cluster_id, relation, breakdown, value
-- kept: last
-- A parent's figure before, minus its figure without a cluster, is what that cluster has of the value. So of all that held
-- it only values are published that it published too, or does not have; and where it went to, only those that it and the
-- clusters there published. That lasts as long as it is hidden, and for good where it was merged or moved.
with

made as materialized (
    select regroupings.*, own.base_cluster_ids
    from regroupings
    inner join last_hierarchy as own on own.facet = regroupings.facet and own.cluster_id = regroupings.cluster_id
    where not waits and len(joins) > 0               -- a cluster that was moved before joins none
),

-- base clusters that left, and the clusters that held them
left_their_place as (
    select 'hide' as kind, facet, corrected_id, cluster_id, null as held_by from hidden_clusters
    union all
    select kind, facet, cluster_id, unnest(base_cluster_ids), leaves from made
),

beside as materialized (
    select distinct gone.kind, gone.facet, gone.corrected_id, gone.cluster_id as published_by, unnest(above.base_cluster_ids) as cluster_id
    from left_their_place as gone
    inner join last_hierarchy as above
        on above.facet = gone.facet and above.level > 0 and list_contains(above.base_cluster_ids, gone.cluster_id)
        and coalesce(list_contains(gone.held_by, above.cluster_id), true)

    union

    select kind, facet, cluster_id, published_by, unnest(case kind when 'merge' then [target_id] else base_cluster_ids end)
    from (select *, unnest(list_concat(base_cluster_ids, joins)) as published_by from made)
),

unpublished as (
    select distinct shown.facet, shown.cluster_id, figures.relation, figures.breakdown, figures.value
    from (
        select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id
        from last_hierarchy
        semi join beside on beside.facet = last_hierarchy.facet and beside.published_by = last_hierarchy.cluster_id
    ) as shown
    inner join last_published_figures as figures on figures.facet = shown.facet and figures.cluster_id = shown.base_cluster_id
    anti join last_published_cells as earlier
        on earlier.relation = figures.relation and earlier.facet = shown.facet and earlier.cluster_id = shown.cluster_id
        and earlier.breakdown = figures.breakdown and earlier.value = figures.value
    where figures.relation in ('cluster_facets', 'cluster_trends', 'cluster_measures') and figures.value <> ''
),

everything as (
    select beside.kind, beside.facet, beside.corrected_id, beside.cluster_id, unpublished.relation, unpublished.breakdown, unpublished.value
    from beside inner join unpublished on unpublished.facet = beside.facet and unpublished.cluster_id = beside.published_by
    union
    select coalesce(kind, 'hide'), facet, corrected_id, cluster_id, relation, breakdown, value    -- NULL: of an earlier version
    from last_withheld_values
    where kind in ('merge', 'move')
        or (facet, corrected_id) in (select (facet, cluster_id) from corrections where corrections.kind = 'hide')
)

select
    facet::varchar as facet,
    corrected_id::varchar as corrected_id,         -- which the correction names
    cluster_id::varchar as cluster_id,             -- of level 0
    relation::varchar as relation,                 -- cluster_facets, cluster_trends or cluster_measures
    breakdown::varchar as breakdown,
    value::varchar as value,
    max(kind)::varchar as kind                     -- of the correction: hide, merge or move; a merge or move is for good
from everything
group by facet, corrected_id, cluster_id, relation, breakdown, value
