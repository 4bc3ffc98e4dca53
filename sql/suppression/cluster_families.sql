-- One row per shown cluster and family that it, or a cluster above it, is in. What is published for one cluster of a family is published for all.
-- kind: table
-- grain: facet, cluster_id, level, family
-- A family is the children of one parent; each top cluster is a family of its own. An only child has what its parent has.
with

tree as (
    select
        facet, level, cluster_id,
        coalesce(parent_id, cluster_id) as family,
        parent_id is not null and count(*) over (partition by facet, level, parent_id) = 1 as is_only_child,
        unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
),

-- the clusters above a cluster are those that hold one of its base clusters
own as (
    select facet, level, cluster_id, min(base_cluster_id) as base_cluster_id
    from tree
    group by facet, level, cluster_id
)

select
    own.facet::varchar as facet,
    own.cluster_id::varchar as cluster_id,
    higher.level::integer as level,                             -- of the family
    higher.family::varchar as family,
    (count(*) over (partition by own.facet, own.cluster_id))::bigint as families    -- how many there are of this cluster
from own
inner join tree as higher
    on higher.facet = own.facet and higher.base_cluster_id = own.base_cluster_id and higher.level >= own.level
where not higher.is_only_child
