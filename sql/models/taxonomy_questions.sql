-- One row per conversation and taxonomy facet that a language model is asked about: its two nearest leaves are close. None without one.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
select
    places.conversation_id::varchar as conversation_id,
    places.facet::varchar as facet,
    facet_values.value::varchar as text,                               -- what is placed: an answer of the model that is asked
    [nearest.label, second.label, clio_none_of_these()]::varchar[] as candidates,
    md5(concat_ws('/', facet_values.value, nearest.label, second.label))::varchar as question_hash     -- says whether it is another question
from taxonomy_places as places
inner join facet_values using (conversation_id, facet)
inner join taxonomy_leaves as nearest on nearest.facet = places.facet and nearest.id = places.leaf
inner join taxonomy_leaves as second on second.facet = places.facet and second.id = places.runner_up
cross join build_info
where places.is_close and build_info.provider <> 'local'
