-- clio_period_end(period, first_day): the first day after a day, week, month or quarter that begins on first_day.
create or replace macro clio_period_end(period, first_day) as
    cast(first_day + case period
        when 'day' then interval 1 day
        when 'week' then interval 7 days
        when 'month' then interval 1 month
        when 'quarter' then interval 3 months
    end as date)
