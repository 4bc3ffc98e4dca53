-- One row per base cluster, measure and user: the user's numbers, as of today.
-- kind: table
-- grain: facet, cluster_id, measure, user_id
-- by: facet, cluster_id
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- of level 0
    measure::varchar as measure,
    memberships.user_id::varchar as user_id,       -- NULL: conversations without a user id
    list(amount order by amount)::double[] as amounts,    -- one for each conversation that has one
    coalesce(bool_or(independent and memberships.user_id is not null), false)::boolean as independent    -- whether the user counts towards thresholds, see independent_texts
from memberships
inner join measured using (conversation_id)
left join independent_texts using (conversation_id, facet)
where level = 0
group by facet, cluster_id, measure, memberships.user_id
