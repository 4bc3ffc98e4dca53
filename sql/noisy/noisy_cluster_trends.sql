-- One row per published cluster and period, counted with noise. Cells below the thresholds are left out.
-- kind: view
-- grain: facet, cluster_id, period
-- The days of the input would say something without noise: here the first and the last period are never complete.
with

base as (
    select facet, cluster_id as base_cluster_id, cell, conversations, users
    from noise cross join settings
    where relation = 'cluster_trends' and coalesce(users >= coalesce(min_users_cell, min_users) and conversations >= coalesce(min_conversations_cell, min_conversations), false)
),

ends as (
    select min(cell)::date as first_period, max(cell)::date as last_period from base
),

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    cell::date as period,                                                                                  -- its first day
    (round(sum(base.conversations) / any_value(round_to)) * any_value(round_to))::bigint as conversations, -- with noise, rounded
    (round(least(sum(base.users), sum(base.conversations)) / any_value(round_to)) * any_value(round_to))::bigint as users,   -- with noise, rounded, no more than conversations
    (cell::date > any_value(first_period) and cell::date < any_value(last_period))::boolean as complete    -- false: the input may lack days of it
from tree
inner join base using (facet, base_cluster_id)
semi join noisy_clusters using (facet, cluster_id)
cross join settings
cross join ends
where round_to is not null
group by facet, cluster_id, cell
order by facet, cluster_id, period
