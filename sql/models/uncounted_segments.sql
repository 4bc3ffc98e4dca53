-- One row per segment and clustered facet that no figure counts: an earlier one of its conversation is in the same base cluster.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
-- So is one that is in no cluster, as an earlier one of its conversation is.
select
    segments.conversation_id::varchar as conversation_id,
    facets.facet::varchar as facet
from segments
inner join screened on screened.conversation_id = segments.conversation_id and screened.kept
cross join facets
left join found_assignments as found on found.conversation_id = segments.conversation_id and found.facet = facets.facet
left join assignments on assignments.conversation_id = segments.conversation_id and assignments.facet = facets.facet
where segments.is_part and facets.clustered and assignments.conversation_id is null
qualify found.conversation_id is not null
    or row_number() over (partition by segments.whole_id, facets.facet, found.conversation_id is null order by segments.segment) > 1
