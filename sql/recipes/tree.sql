-- One row per published cluster, in the order in which the tree is printed: the largest first, `(other)` last.
-- A parent and its only child are one line, as in the printed tree.
with recursive

branches as (
    select
        facet, cluster_id, cast(null as varchar) as parent_id, only_child, 1 as depth, [name] as path,
        [{'last': cluster_id = '(other)', 'size': -conversations, 'id': cluster_id}] as place
    from clusters
    where parent_id is null
    union all
    select
        clusters.facet, clusters.cluster_id,
        case when branches.only_child then branches.parent_id else branches.cluster_id end,
        clusters.only_child,
        branches.depth + case when branches.only_child then 0 else 1 end,
        case when branches.only_child then branches.path else list_append(branches.path, clusters.name) end,
        list_append(
            branches.place, {'last': false, 'size': -clusters.conversations, 'id': clusters.cluster_id}
        )
    from branches
    inner join clusters on clusters.facet = branches.facet and clusters.parent_id = branches.cluster_id
)

select
    facet::varchar as facet,
    row_number() over (partition by facet order by branches.place)::bigint as line,   -- in the printed tree, from 1
    branches.depth::integer as depth,                      -- 1 is the top
    cluster_id::varchar as cluster_id,
    branches.parent_id::varchar as parent_id,              -- of the line that it stands under; NULL at the top
    clusters.name::varchar as name,
    branches.path::varchar[] as path,                      -- names from the top down to this one
    clusters.conversations::bigint as conversations,
    clusters.users::bigint as users,
    clusters.share::double as share                        -- of the published conversations of the facet
from branches
inner join clusters using (facet, cluster_id)
where not branches.only_child
order by facet, line
