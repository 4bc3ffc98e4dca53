-- One row per cluster that is not exactly the union of its children, whose parent is missing, or that shares base clusters
-- with another cluster of its level. No rows = pass.
with

parts as (
    select facet, parent_id, level + 1 as level, unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
    where parent_id is not null
),

wholes as (
    select facet, cluster_id, level, unnest(base_cluster_ids) as base_cluster_id from hierarchy
)

select facet, parent_id as cluster_id
from ((from parts) except (from wholes))
union all
select facet, cluster_id
from ((from wholes where level > 0) except (from parts))
union all
select facet, any_value(cluster_id)
from wholes
group by facet, level, base_cluster_id
having count(*) > 1
union all
select facet, cluster_id from wholes where level = 0 and base_cluster_id <> cluster_id
