-- One row per base cluster: a hash of the conversations in it, which changes when they do.
-- kind: view
-- grain: facet, cluster_id
-- by: facet, cluster_id
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    concat(facet, '/', cluster_id)::varchar as roster,
    concat(count(*), ' ', sum(md5_number_lower(concat_ws('/', conversation_id, user_id))))::varchar as members
from assignments
group by all
