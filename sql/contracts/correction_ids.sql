-- One row per correction and what is wrong with its ids, against those of all builds and of the last one.
with

given as (
    select *, row_number() over () as number from corrections
),

levels as (
    select facet, cluster_id, level from last_hierarchy
),

there as (
    select facet, cluster_id, level from levels
    union
    select facet, cluster_id, 0 from last_cluster_ids
    union
    select facet, cluster_id, 0 from last_assignments
    union                                          -- what is hidden or part of another is there, too
    select facet, corrected_id, null from last_hidden_clusters
    union
    select facet, unnest([found_id, corrected_id]), 0 from last_merged_clusters
),

ever as (
    select facet, cluster_id from used_ids
    union
    select facet, cluster_id from there
),

leveled as (
    select given.*, own.level, target.level as target_level
    from given
    left join (select facet, cluster_id, max(level) as level from there group by all) as own using (facet, cluster_id)
    left join (select facet, cluster_id as target, max(level) as level from there group by all) as target using (facet, target)
),

found as (
    select
        *,
        case
            when facet not in (select facet from ever) then 'no_facet'
            when (facet, cluster_id) not in (select (facet, cluster_id) from ever) then 'never'
            when (facet, cluster_id) not in (select (facet, cluster_id) from there) then 'gone'
            when kind = 'hide' and (facet, cluster_id) in (select (facet, found_id) from last_merged_clusters) then 'part'
            when kind in ('merge', 'move', 'pin') and facet in (select facet from last_taxonomy_nodes) then 'fixed'
            when kind in ('merge', 'pin') and level > 0 then 'not_base'
            when kind not in ('merge', 'move') or target is null then null
            when (facet, target) not in (select (facet, cluster_id) from ever)
                then if(target in (select cluster_id from ever), 'target_elsewhere', 'target_never')
            when (facet, target) not in (select (facet, cluster_id) from there) then 'target_gone'
            when kind = 'merge' and target_level > 0 then 'not_base'
            when kind = 'move' and target_level is distinct from level + 1 then 'not_above'
        end as problem
    from leveled
),

-- shown clusters that could be meant, most like the given id; of one that was merged the cluster that it is part of
nearest as (
    select number, list(cluster_id order by distance, cluster_id)[:3] as ids
    from (
        select
            found.number, levels.cluster_id,
            levenshtein(levels.cluster_id, case when problem in ('never', 'gone') then found.cluster_id else target end) as distance
        from found
        inner join levels on levels.facet = found.facet and levels.cluster_id <> found.cluster_id
        where problem is not null and problem <> 'part'
            and (kind not in ('merge', 'pin') or levels.level = 0)
            and (kind <> 'move' or problem in ('never', 'gone') or levels.level = found.level + 1)
    )
    group by number
    union all
    select number, [merged.cluster_id]
    from found inner join last_merged_clusters as merged on merged.facet = found.facet and merged.found_id = found.cluster_id
    where problem = 'part'
)

select
    number,                                        -- of the row, from 1
    {facet: facet, cluster_id: cluster_id, kind: kind, target: target, who: who, why: why} as correction,
    problem, level,
    coalesce(nearest.ids, []) as nearest
from found left join nearest using (number)
where problem is not null
order by number
