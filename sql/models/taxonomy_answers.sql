-- One row per conversation and taxonomy facet: the leaf that it is placed in, or none of them.
-- kind: view
-- grain: conversation_id, facet
-- by: conversation_id
with

answered as (
    select
        places.*, choices.status = 'ok' as by_model,
        case
            when choices.status = 'ok' and choices.label = second.label then places.runner_up
            when choices.status = 'ok' and choices.label is distinct from nearest.label then null
            when choices.status = 'ok' or similarity >= least_similarity then places.leaf
        end as answer
    from taxonomy_places as places
    inner join taxonomy_leaves as nearest on nearest.facet = places.facet and nearest.id = places.leaf
    left join taxonomy_leaves as second on second.facet = places.facet and second.id = places.runner_up
    left join taxonomy_choices as choices on choices.conversation_id = places.conversation_id and choices.facet = places.facet
    cross join settings
)

select
    answered.conversation_id::varchar as conversation_id,
    answered.facet::varchar as facet,
    answered.answer::varchar as leaf,                                  -- NULL: none of these
    nodes.name::varchar as name,
    case when by_model then 'model' else 'embedding' end::varchar as answered_by,
    case when answer = runner_up then runner_up_distance else distance end::float as distance,    -- to the vector that it is placed by
    case when answer = runner_up then answered.leaf else runner_up end::varchar as runner_up,     -- the other of the two nearest
    case when answer = runner_up then distance else runner_up_distance end::float as runner_up_distance
from answered left join taxonomy_nodes as nodes on nodes.facet = answered.facet and nodes.id = answered.answer
