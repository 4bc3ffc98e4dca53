-- One row per shown cluster: its place on the map, laid out from the published names, which reveal nothing else.
-- kind: table
-- grain: facet, cluster_id
-- kept: last
-- As long as the tree of the last build is kept, so are the places; a new cluster is placed among its siblings.
with

kept as materialized (
    select hierarchy.facet, hierarchy.level, hierarchy.parent_id, hierarchy.cluster_id, last_layout.x, last_layout.y
    from hierarchy
    inner join last_layout using (facet, cluster_id)
    inner join trees using (facet)
    where trees.reason is null
),

added as (
    select hierarchy.facet, hierarchy.level, hierarchy.parent_id, hierarchy.cluster_id
    from hierarchy
    semi join kept on kept.facet = hierarchy.facet
    anti join kept as there on there.facet = hierarchy.facet and there.cluster_id = hierarchy.cluster_id
),

-- the average place of its siblings, or the middle if there are none; shifted a little, so that no two share a spot
among as (
    select
        added.facet, added.cluster_id,
        coalesce(avg(kept.x), 0) + (md5_number_lower(added.cluster_id) % 1000 / 1000 - 0.5) * 0.1 as x,
        coalesce(avg(kept.y), 0) + (md5_number_upper(added.cluster_id) % 1000 / 1000 - 0.5) * 0.1 as y
    from added
    left join kept
        on kept.facet = added.facet and kept.level = added.level and kept.parent_id is not distinct from added.parent_id
    group by added.facet, added.cluster_id
),

named as (
    select facet, cluster_id, clio_embed(concat(name, '. ', description)) as embedding
    from (from hierarchy anti join kept using (facet)) as unplaced
),

projected as (
    select
        facet,
        list(cluster_id order by cluster_id) as cluster_ids,
        clio_project(list(embedding order by cluster_id)) as points
    from named
    group by facet
),

placed as (
    select facet, unnest(cluster_ids) as cluster_id, unnest(points) as point
    from projected
)

select facet::varchar as facet, cluster_id::varchar as cluster_id, x::float as x, y::float as y
from (
    select facet, cluster_id, point[1] as x, point[2] as y from placed
    union all
    select facet, cluster_id, x, y from kept
    union all
    select facet, cluster_id, greatest(-1, least(1, x)), greatest(-1, least(1, y)) from among
)
