-- clio_tree_parents(last_level, proposals, linked_clusters, last_hierarchy, directions): which parent each cluster of
-- the last level goes to. One row per cluster: facet, cluster_id, parent (a new name, a number, or the id of a parent
-- that is kept), kept_id (that id, else NULL). parent is NULL where the choice failed.
-- If the last tree is kept, a cluster stays with its parent; a new one chooses among the existing parents, or, if
-- centroids decide, goes to the nearest of them that it has something in common with.
create or replace macro clio_tree_parents(last_level, proposals, linked_clusters, last_hierarchy, directions) as table
with

level_below as (from query_table(last_level)),
last_tree as (from query_table(last_hierarchy)),

-- if the last tree is kept: each cluster's parent, and what the parent was called
settled as materialized (
    select level_below.facet, level_below.cluster_id, parents.cluster_id as parent_id, parents.name as parent_name
    from level_below
    inner join last_tree as child
        on child.facet = level_below.facet and child.cluster_id = level_below.cluster_id and child.level = level_below.level
    inner join last_tree as parents on parents.facet = child.facet and parents.cluster_id = child.parent_id
    where kept
),

unsettled as materialized (
    select level_below.* from level_below anti join settled using (facet, cluster_id)
),

offered as (
    select facet, unnest(names) as parent from query_table(proposals)
    union all
    select distinct facet, parent_name from settled
),

-- every child is offered the parents in an order of its own, so that no position in the list has an advantage
choices as materialized (
    select
        facet, cluster_id, any_value(text) as text,
        list(parent order by md5(concat(parent, cluster_id))) as parents
    from unsettled inner join offered using (facet)
    where tree_by = 'names'
    group by facet, cluster_id
),

chosen as materialized (
    select facet, cluster_id, clio_choose_raw(text, parents).value as parent from choices
),

linked as (
    select level_below.facet, level_below.cluster_id, cast(groups.number as varchar) as parent
    from level_below
    inner join query_table(linked_clusters) as groups
        on groups.facet = level_below.facet and groups.level = level_below.level + 1
        and groups.cluster_id = level_below.base_cluster_ids[1]
    where not kept and tree_by = 'centroids'
),

-- the nearest parent has the base clusters whose directions are, on average, most similar to those of the newcomer
newcomers as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id
    from unsettled
    where kept and tree_by = 'centroids'
),

relatives as (
    select facet, parent_id, unnest(base_cluster_ids) as base_cluster_id
    from settled inner join level_below using (facet, cluster_id)
),

nearest as (
    select newcomers.facet, newcomers.cluster_id, relatives.parent_id
    from newcomers
    inner join query_table(directions) as own on own.facet = newcomers.facet and own.cluster_id = newcomers.base_cluster_id
    inner join relatives on relatives.facet = newcomers.facet and relatives.parent_id <> clio_various().cluster_id
    inner join query_table(directions) as theirs on theirs.facet = relatives.facet and theirs.cluster_id = relatives.base_cluster_id
    group by newcomers.facet, newcomers.cluster_id, relatives.parent_id
    having clio_alike_enough(avg(list_cosine_similarity(own.direction, theirs.direction)))
    qualify row_number() over (
        partition by newcomers.facet, newcomers.cluster_id
        order by avg(list_cosine_similarity(own.direction, theirs.direction)) desc, relatives.parent_id
    ) = 1
)

select chosen.facet, chosen.cluster_id, coalesce(kept.parent_id, chosen.parent) as parent, kept.parent_id as kept_id
from chosen
left join (select distinct facet, parent_name, parent_id from settled) as kept
    on kept.facet = chosen.facet and kept.parent_name = chosen.parent
union all
select facet, cluster_id, parent, null from linked
union all
select facet, cluster_id, parent_id, parent_id from settled
union all
select facet, cluster_id, parent_id, parent_id from nearest
union all
select facet, cluster_id, case when is_top then clio_various().cluster_id end, null
from unsettled anti join nearest using (facet, cluster_id)
where kept and tree_by = 'centroids'
