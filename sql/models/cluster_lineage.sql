-- One row per shown cluster of the last published build and what became of it, or per new one and where it came from.
-- kind: table
-- grain: facet, level, cluster_id, last_cluster_id
with

last_memberships as materialized (
    select last_assignments.conversation_id, bases.facet, bases.level, bases.cluster_id
    from (select facet, level, cluster_id, unnest(base_cluster_ids) as base_cluster_id from last_hierarchy) as bases
    inner join last_assignments
        on last_assignments.facet = bases.facet and last_assignments.cluster_id = bases.base_cluster_id
),

-- only conversations that both builds saw can say what became of a cluster
common as materialized (
    select
        memberships.facet, memberships.level, memberships.cluster_id, last_memberships.cluster_id as last_cluster_id,
        count(*) as conversations
    from memberships inner join last_memberships using (conversation_id, facet, level)
    group by all
),

shares as materialized (
    select
        *,
        conversations / sum(conversations) over (partition by facet, level, cluster_id) as share_of_new,
        conversations / sum(conversations) over (partition by facet, level, last_cluster_id) as share_of_last
    from common
),

continued as materialized (
    select hierarchy.facet, hierarchy.level, hierarchy.cluster_id
    from hierarchy inner join last_hierarchy using (facet, level, cluster_id)
),

-- a new cluster, most of whose conversations come from one that continues
split as (
    select shares.facet, shares.level, shares.cluster_id, last_cluster_id, 'split' as kind
    from shares
    anti join continued using (facet, level, cluster_id)
    semi join continued as source
        on source.facet = shares.facet and source.level = shares.level and source.cluster_id = shares.last_cluster_id
    where share_of_new > 0.5
),

-- a cluster that is gone, most of whose conversations went into one that exists
merged as (
    select shares.facet, shares.level, shares.cluster_id, last_cluster_id, 'merged' as kind
    from shares
    anti join hierarchy
        on hierarchy.facet = shares.facet and hierarchy.level = shares.level and hierarchy.cluster_id = shares.last_cluster_id
    where share_of_last > 0.5
),

followed as (
    select facet, level, cluster_id, cluster_id as last_cluster_id, 'continued' as kind from continued
    union all
    from split
    union all
    from merged
),

everything as (
    from followed
    union all
    select hierarchy.facet, hierarchy.level, hierarchy.cluster_id, null, 'new'
    from hierarchy
    anti join followed
        on followed.facet = hierarchy.facet and followed.level = hierarchy.level and followed.cluster_id = hierarchy.cluster_id
        and followed.kind in ('continued', 'split')
    union all
    select last_hierarchy.facet, last_hierarchy.level, null, last_hierarchy.cluster_id, 'gone'
    from last_hierarchy
    anti join followed
        on followed.facet = last_hierarchy.facet and followed.level = last_hierarchy.level
        and followed.last_cluster_id = last_hierarchy.cluster_id and followed.kind in ('continued', 'merged')
)

select
    everything.facet::varchar as facet,
    everything.level::integer as level,
    everything.cluster_id::varchar as cluster_id,                  -- NULL: gone
    everything.last_cluster_id::varchar as last_cluster_id,        -- NULL: new
    everything.kind::varchar as kind,                              -- continued, split, merged, new or gone
    case
        when everything.cluster_id is not null and everything.last_cluster_id is not null
            then coalesce(shares.conversations / (
                shares.conversations / share_of_new + shares.conversations / share_of_last - shares.conversations
            ), 0)
    end::double as overlap,                                        -- Jaccard, over the conversations shown in both builds
    case when cluster_ids.last_cluster_id = everything.last_cluster_id then cluster_ids.similarity end::double as similarity    -- cosine of the centroids; base clusters only
from everything
left join shares
    on shares.facet = everything.facet and shares.level = everything.level
    and shares.cluster_id = everything.cluster_id and shares.last_cluster_id = everything.last_cluster_id
left join cluster_ids on cluster_ids.facet = everything.facet and cluster_ids.cluster_id = everything.cluster_id
