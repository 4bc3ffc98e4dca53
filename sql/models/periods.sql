-- One row per period that conversations are counted by: those that trends may have now, and those that trends had before.
-- kind: view
-- grain: period
-- Without `period` in settings, the first build chooses among several (trend_period) and later ones keep it, until --refit.
-- A day is never chosen: days show weekends. With epsilon nothing is chosen, since a choice looks at figures without noise.
with

kept as (
    select period from last_trend_period
    union
    -- an earlier version published weeks without recording it
    select 'week' from last_published_cells where breakdown = 'period'
),

possible as (
    select
        each.period, settings.period as wanted,
        case
            when settings.period is not null then each.period = settings.period
            when exists (from kept) and (epsilon is not null or not refit) then each.period in (from kept)
            when epsilon is not null then each.period = 'week'
            else each.period <> 'day'
        end as is_possible
    from (values ('day'), ('week'), ('month'), ('quarter')) as each(period) cross join settings cross join build_info
),

earlier as (
    select distinct period from last_published_periods
)

select
    period::varchar as period,                        -- day, week, month or quarter
    is_possible::boolean as is_possible,              -- false: counted only so that nothing gives away what it published
    (case
        when wanted is not null then 'settings'
        when not exists (from last_trend_period) then 'first'
        when refit then 'asked'
    end)::varchar as reason                           -- why it is chosen, if it is; NULL: it is kept
from possible cross join build_info
where is_possible or period in (from earlier)
