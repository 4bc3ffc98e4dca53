-- One row per correction by a person: whether it holds today, and if not, why not.
-- kind: view
-- grain: facet, cluster_id, kind
with

there as (
    select facet, cluster_id from hierarchy
    union
    select facet, cluster_id from assignments
),

hidden as (
    select distinct facet, corrected_id as cluster_id from hidden_clusters
),

judged as (
    select
        corrections.facet, corrections.cluster_id, corrections.kind,
        case
            when corrections.kind = 'hide' then case when hidden.cluster_id is null then 'gone' end
            when there.cluster_id is null then 'gone'
            when renamed_clusters.cluster_id is null then 'not_shown'
            else renamed_clusters.reason
        end as reason
    from corrections
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
    reason::varchar as reason                      -- gone, not_shown, or as in renamed_clusters; NULL: it holds
from judged
