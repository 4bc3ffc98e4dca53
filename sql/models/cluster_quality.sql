-- One row per base cluster: how close its conversations are to one another and to other clusters, and whether it is loose.
-- kind: table
-- grain: facet, cluster_id
-- by: facet, cluster_id
-- kept: last
--
-- A conversation is near a border if its own centroid is less than a tenth nearer than the runner-up. A cluster is loose if at
-- least a third of its users are: those of whose conversations in it half or more are near a border. That is published, so
-- these users must pass the gate by themselves, and the numbers are rounded first. Like the figure of the cluster it changes
-- only when enough users came or went.
with

placed as (
    select
        facet, cluster_id, user_id, distance::double as distance, runner_up_distance::double as runner_up_distance,
        coalesce(distance > 0.9 * runner_up_distance, false) as near_border,
        coalesce(independent, false) as independent
    from assignments left join independent_texts using (conversation_id, facet)
),

measured as (
    select
        facet, cluster_id,
        count(*) as conversations,
        sqrt(greatest(0, 1 - avg(distance * distance))) as cohesion,
        avg(runner_up_distance - distance) as separation,
        avg(near_border::integer) as border_share
    from placed
    group by facet, cluster_id
),

per_user as (
    select
        facet, cluster_id, user_id,
        count(*) as conversations,
        2 * count(*) filter (near_border) >= count(*) as near_border,
        bool_or(independent) as independent
    from placed
    where user_id is not null
    group by facet, cluster_id, user_id
),

counted as (
    select
        facet, cluster_id,
        count(*) as users,
        count(*) filter (near_border) as border_users,
        count(*) filter (near_border and independent) as independent_users,
        sum(conversations) filter (near_border) as conversations,
        max(conversations) filter (near_border) as most
    from per_user
    group by facet, cluster_id
),

judged as (
    select
        facet, cluster_id, border_users,
        coalesce(
            border_users > 0 and 3 * round(border_users / round_to) >= round(users / round_to) and (
                mode is not distinct from 'safety'                              -- for authorised staff alone: no gate
                or clio_gate(
                    independent_users, conversations, most,
                    min_users + clio_margin(salt, concat_ws('/', 'loose', facet, cluster_id), cell_margin),
                    min_conversations, max_user_share
                )
            ),
            false
        ) as loose
    from counted cross join settings cross join margins
),

-- published before, and too few users came or went since
waiting as (
    select facet, cluster_id
    from user_changes cross join settings
    where relation = 'clusters' and passed and not by_enough and mode is distinct from 'safety'
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    measured.conversations::bigint as conversations,
    coalesce(judged.border_users, 0)::integer as border_users,                  -- users who are mostly near a border
    round(measured.cohesion, 6)::double as cohesion,                            -- mean cosine to the mean of its vectors, 0 to 1
    round(measured.separation, 6)::double as separation,                        -- mean distance by which the runner-up is farther; NULL: one cluster
    round(measured.border_share, 6)::double as border_share,                    -- share of conversations near a border
    case
        when waiting.cluster_id is not null then coalesce(last_cluster_quality.loose, false)
        else coalesce(judged.loose, false)
    end::boolean as loose                                                       -- as published; never NULL
from measured
left join judged using (facet, cluster_id)
left join waiting using (facet, cluster_id)
left join last_cluster_quality using (facet, cluster_id)
