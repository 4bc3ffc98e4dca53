-- Conversations far from their cluster's centre, or almost as near to another's: those that the tree describes worst.
-- Needs the warehouse, and returns conversation ids, so the result must stay there.
with

ranked as (
    select
        facet, conversation_id, cluster_id, runner_up, distance, runner_up_distance,
        percent_rank() over (partition by facet order by distance) as farness,                 -- 1 is the farthest of all
        runner_up_distance - distance as margin
    from assignments
)

select
    facet,
    conversation_id,
    cluster_id,
    runner_up,
    round(distance::double, 3) as distance,
    round(margin::double, 3) as margin,
    case when farness >= 0.99 then 'far from every centre' else 'between two clusters' end as why
from ranked
where farness >= 0.99 or margin < 0.01
order by facet, farness desc, conversation_id
