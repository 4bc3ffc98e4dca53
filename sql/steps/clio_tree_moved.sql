-- clio_tree_moved(last_level, parents, regroupings, last_hierarchy): which parent each cluster goes to, once corrections moved
-- some. One row per cluster: facet, cluster_id, parent, kept_id; as clio_tree_parents returns them.
-- A cluster goes where most base clusters go that stood under its new parent in the last tree: so it does when the tree is rebuilt.
create or replace macro clio_tree_moved(last_level, parents, regroupings, last_hierarchy) as table
with

given as (from query_table(parents)),

level_below as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from query_table(last_level)
),

moves as materialized (
    select facet, cluster_id, target_id from query_table(regroupings) where kind = 'move' and not waits
),

kin as (
    select moves.facet, moves.cluster_id, unnest(target.base_cluster_ids) as base_cluster_id
    from moves
    inner join query_table(last_hierarchy) as target on target.facet = moves.facet and target.cluster_id = moves.target_id
),

moved as (
    select kin.facet, kin.cluster_id, given.parent, given.kept_id
    from kin
    inner join level_below on level_below.facet = kin.facet and level_below.base_cluster_id = kin.base_cluster_id
    inner join given on given.facet = kin.facet and given.cluster_id = level_below.cluster_id
    left join moves as others on others.facet = kin.facet and others.cluster_id = level_below.cluster_id
    where level_below.cluster_id <> kin.cluster_id and given.parent is not null
    group by kin.facet, kin.cluster_id, given.parent, given.kept_id
    -- those that are moved themselves have no say where there are others
    qualify row_number() over (
        partition by kin.facet, kin.cluster_id
        order by count(*) filter (others.cluster_id is null) desc, count(*) desc, given.parent
    ) = 1
),

settled as (
    from given anti join moved using (facet, cluster_id)
    union all by name
    from moved semi join given using (facet, cluster_id)
)

-- one cluster alone is no group: it is called by its own name
select
    facet, cluster_id,
    parent = clio_various().cluster_id and count(*) over (partition by facet, parent) = 1 as is_alone,
    case when not is_alone then parent end as parent,
    case when not is_alone then kept_id end as kept_id
from settled
