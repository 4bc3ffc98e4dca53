-- One row per published cluster and period: how it grew. What could identify someone is left out.
-- kind: view
-- grain: facet, cluster_id, period
select
    facet::varchar as facet,                                                   -- with cluster_id: joins clusters
    cluster_id::varchar as cluster_id,                                         -- with facet: joins clusters
    value::date as period,                                                     -- its first day
    (round(conversations / round_to) * round_to)::bigint as conversations,     -- rounded
    (round(users / round_to) * round_to)::bigint as users,                     -- distinct users, rounded; NULL where cells below are held back
    coalesce(value::date > period_before and value::date < period_after, false)::boolean as complete    -- false: the input may lack days of it, see covered_time
from published_cells inner join covered_time on covered_time.period = published_cells.breakdown cross join settings
where relation = 'cluster_trends' and round_to is not null
order by facet, cluster_id, value
