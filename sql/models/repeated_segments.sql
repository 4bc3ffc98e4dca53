-- One row per segment and facet whose base cluster, in the last fit, is that of an earlier segment of its conversation.
-- kind: table
-- grain: conversation_id, facet
-- No figure counts these, so they say nothing about how many conversations a user has more or fewer (fits).
with

placed as (
    select
        segments.conversation_id, segments.whole_id, segments.segment, embeddings.facet,
        clio_cluster(embeddings.embedding, last_fits.model).cluster_id as number
    from segments
    inner join embeddings on embeddings.conversation_id = segments.conversation_id
    inner join last_cluster_models as last_fits on last_fits.facet = embeddings.facet
    inner join build_info on build_info.embedding_model = last_fits.embedding_model
    where segments.is_part
),

called as (
    select placed.*, coalesce(merged.cluster_id, ids.cluster_id) as cluster_id
    from placed
    inner join last_cluster_ids as ids on ids.facet = placed.facet and ids.number = placed.number
    left join last_merged_clusters as merged on merged.facet = ids.facet and merged.found_id = ids.cluster_id
)

select conversation_id::varchar as conversation_id, facet::varchar as facet
from called
qualify row_number() over (partition by whole_id, facet, cluster_id order by segment) > 1
