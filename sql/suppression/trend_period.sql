-- One row: the period of trends. The finest at which half of the clusters, of all levels, have a trend; else that at which most have one.
-- kind: table
-- grain: one row
-- kept: last
-- A cluster has a trend if at least two whole periods of it can be published, and half of those that the input covers.
with

covered as (
    select period, period_before, period_after, date_diff(covered_time.period, period_before, period_after) - 1 as whole_periods
    from covered_time
),

with_trend as (
    select cells.breakdown as period, cells.facet, cells.cluster_id
    from publishable_cells as cells
    inner join covered on covered.period = cells.breakdown
    where cells.relation = 'cluster_trends' and cells.value::date > period_before and cells.value::date < period_after
    group by cells.breakdown, cells.facet, cells.cluster_id
    having count(*) >= greatest(2, any_value(whole_periods) / 2)
),

judged as (
    select
        periods.period, periods.reason,
        (select count(*) from with_trend where with_trend.period = periods.period) as trends,
        (select count(*) from hierarchy) as clusters
    from periods
    where is_possible
)

select
    period::varchar as period,                                  -- day, week, month or quarter
    reason::varchar as reason,                                  -- settings, first, or asked: chosen in this build; NULL: kept
    trends::bigint as trends,                                   -- clusters that have a trend
    clusters::bigint as clusters                                -- of all levels
from judged
order by
    2 * trends >= clusters desc,
    case when 2 * trends >= clusters then 0 else -trends end,
    list_position(['day', 'week', 'month', 'quarter'], period)
limit 1
