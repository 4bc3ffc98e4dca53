-- One row per period that trends may have: the last incomplete one before, and the first after, those that the input covers whole.
-- kind: view
-- grain: period
-- The first and the last day are those by which, and from which on, as many users wrote as anything published needs. So a
-- single early or late conversation, or a wrong clock, completes nothing, and only whole periods leave this relation.
with

user_days as (
    select user_id, min(created_at)::date as first_day, max(created_at)::date as last_day
    from conversations
    where user_id is not null and created_at is not null
    group by user_id
),

ranked as (
    select
        first_day, last_day,
        row_number() over (order by first_day) as began_as,
        row_number() over (order by last_day desc) as ended_as
    from user_days
),

days as (
    select
        min(first_day) filter (began_as >= min_users + clio_margin(salt, 'first day', word_margin)) as first_day,
        max(last_day) filter (ended_as >= min_users + clio_margin(salt, 'last day', word_margin)) as last_day
    from ranked cross join settings cross join margins
)

select
    period::varchar as period,                                                          -- week, month, …
    date_trunc(periods.period, first_day - interval 1 day)::date as period_before,              -- the last one that is not complete; NULL: too few users
    date_trunc(periods.period, last_day + interval 1 day)::date as period_after                 -- the next one that is not complete
from days cross join periods
