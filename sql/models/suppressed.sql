-- One row per conversation and clustered facet that is in no shown cluster, and why. Of a cluster that a person hid: none.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
with

shown as (
    select facet, unnest(base_cluster_ids) as cluster_id
    from hierarchy
    where level = 0
)

select
    segments.conversation_id::varchar as conversation_id,
    segments.user_id::varchar as user_id,
    facets.facet::varchar as facet,
    assignments.cluster_id::varchar as cluster_id,                                          -- NULL: no answer
    case
        when assignments.cluster_id is null and none.conversation_id is not null then 'none_of_these'
        when assignments.cluster_id is null then 'no_answer'
        else coalesce(gated_clusters.reason, name_audits.reason, 'not_named')                -- fail closed: any other reason
    end::varchar as reason,
    coalesce(independent_texts.independent, assignments.cluster_id is null)::boolean as independent    -- whether its user counts towards thresholds
from segments
inner join screened on screened.conversation_id = segments.conversation_id and screened.kept
cross join facets
left join assignments on assignments.conversation_id = segments.conversation_id and assignments.facet = facets.facet
left join gated_clusters on gated_clusters.facet = facets.facet and gated_clusters.cluster_id = assignments.cluster_id
left join name_audits on name_audits.facet = facets.facet and name_audits.cluster_id = assignments.cluster_id
left join independent_texts
    on independent_texts.conversation_id = segments.conversation_id and independent_texts.facet = facets.facet
left join taxonomy_answers as none on none.conversation_id = segments.conversation_id and none.facet = facets.facet
left join shown on shown.facet = facets.facet and shown.cluster_id = assignments.cluster_id
anti join uncounted_segments as uncounted
    on uncounted.conversation_id = segments.conversation_id and uncounted.facet = facets.facet
anti join hidden_clusters as hidden on hidden.facet = facets.facet and hidden.cluster_id = assignments.cluster_id
where facets.clustered and shown.cluster_id is null
