-- One row per correction by a person: whether it holds today, and if not, why not.
-- kind: view
-- grain: facet, cluster_id, kind
with

there as (
    select facet, cluster_id from hierarchy
    union
    select facet, unnest([cluster_id, found_id]) from assignments
),

hidden as (
    select distinct facet, corrected_id as cluster_id from hidden_clusters
),

-- what it is part of today, as the correction says it or as it is merged on
merged as (
    select distinct own.facet, own.corrected_id as cluster_id, own.cluster_id as target_id, other.found_id as first_target_id
    from merged_clusters as own left join merged_clusters as other on other.facet = own.facet and other.cluster_id = own.cluster_id
),

asked as (
    select
        corrections.*,
        (facet, target) in (select (facet, cluster_id) from hierarchy) as has_target,
        (facet, cluster_id) in (select (facet, cluster_id) from merged) as is_merged,
        (facet, cluster_id, target) in (select (facet, cluster_id, target_id) from merged)
            or (facet, cluster_id, target) in (select (facet, cluster_id, first_target_id) from merged) as is_merged_so,
        (facet, cluster_id, target) in (select (facet, cluster_id, parent_id) from hierarchy) as is_moved_so
    from corrections
),

judged as (
    select
        corrections.facet, corrections.cluster_id, corrections.kind,
        case
            when corrections.kind = 'hide' then case when hidden.cluster_id is null then 'gone' end
            when corrections.kind = 'merge' and is_merged then case when not is_merged_so then 'merged_elsewhere' end
            when there.cluster_id is null then 'gone'
            when corrections.kind = 'pin' or corrections.kind = 'move' and is_moved_so then null
            when corrections.kind in ('merge', 'move') then case when has_target then 'waits' else 'no_target' end
            when renamed_clusters.cluster_id is null then 'not_shown'
            else renamed_clusters.reason
        end as reason
    from asked as corrections
    left join there using (facet, cluster_id)
    left join hidden using (facet, cluster_id)
    left join renamed_clusters
        on renamed_clusters.facet = corrections.facet and renamed_clusters.cluster_id = corrections.cluster_id
        and renamed_clusters.corrected_id = corrections.cluster_id
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- which the correction names
    kind::varchar as kind,
    (reason is null)::boolean as applied,
    reason::varchar as reason                      -- gone, no_target, waits, merged_elsewhere, not_shown, or as in renamed_clusters; NULL: it holds
from judged
