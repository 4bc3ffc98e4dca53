-- One row if a published period is called complete although too few users wrote by its first day, or from its last day on. No rows = pass.
with

periods as (
    select
        cluster_trends.period as first_day,
        clio_period_end(trend_period.period, cluster_trends.period) - 1 as last_day
    from cluster_trends cross join trend_period
    where complete
),

-- if the first and the last of them are covered, so are those between
ends as (
    select min(first_day) as first_day, max(last_day) as last_day from periods
)

select first_day, last_day
from ends cross join conversations cross join settings
where first_day is not null
group by first_day, last_day
having not coalesce(
    count(distinct user_id) filter (created_at < first_day + interval 1 day) >= any_value(min_users)
    and count(distinct user_id) filter (created_at >= last_day) >= any_value(min_users),
    false
)
