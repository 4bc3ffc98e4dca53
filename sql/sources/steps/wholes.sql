-- One row per input row that is part of a longer one, or equal to another one, of the same user.
-- kind: view
-- grain: position
with

-- One row per conversation so far: of several rows with the same id, the one that represents them.
apart as (
    select
        turns.position, turns.person, turns.created_at, turns.turns, turns.beginnings,
        turns.beginnings[-1] as whole, turns.is_repeated
    from turns
    left join sessions on sessions.position = turns.position
    where sessions.position is null or (sessions.stands_for_it = turns.position and not sessions.is_joined)
),

-- If the user is known, a row of several turns that another begins with, or equals, is part of it.
longer as (
    select person, unnest(beginnings[:-2]) as whole, position, created_at from apart where person <> ''
),

of_longer as (
    select apart.position, arg_min(longer.position, (longer.created_at, longer.position)) as part_of
    from apart
    inner join longer on longer.person = apart.person and longer.whole = apart.whole
    where apart.turns > 1
    group by apart.position
),

of_equal as (
    select position, first_value(position) over equals as part_of
    from apart anti join of_longer using (position)
    where person <> '' and turns > 1
    window equals as (partition by person, whole order by created_at, position)
    qualify row_number() over equals > 1
),

-- Of the remaining rows, each absorbs one row of the longest beginning there is: a first request, which many write alike,
-- or any row of an unknown user. It takes the nearest before it that no other row took.
left_over as (
    select * from apart anti join of_longer using (position) anti join of_equal using (position)
),

takers as (
    select
        beginning.position, beginning.person,
        max_by(beginning.whole, beginning.length) as whole, any_value(beginning.created_at) as created_at
    from (
        select
            position, person, created_at,
            unnest(beginnings[:-2]) as whole, generate_subscripts(beginnings[:-2], 1) as length
        from left_over
        where not is_repeated                         -- its first request is another row of its id
    ) as beginning
    semi join left_over on left_over.person = beginning.person and left_over.whole = beginning.whole
    group by beginning.position, beginning.person
),

-- As brackets are matched: a beginning opens, and a longer row closes the last open one.
brackets as (
    select position, person, whole, created_at, 1 as step, coalesce(created_at, '-infinity'::timestamp) as moment
    from left_over
    union all
    select position, person, whole, created_at, -1, coalesce(created_at, 'infinity'::timestamp)
    from takers
),

balanced as (
    select *, sum(step) over before as balance
    from brackets
    semi join takers on takers.person = brackets.person and takers.whole = brackets.whole
    window before as (partition by person, whole order by moment, step desc, position)
),

lowest as (
    select *, least(0, min(balance) over (partition by person, whole order by moment, step desc, position)) as low
    from balanced
),

levels as (
    select *, if(step = 1, balance - low, balance - low + 1) as level
    from lowest
    -- without those that close although nothing is open
    window before as (partition by person, whole order by moment, step desc, position)
    qualify step = 1 or low = coalesce(lag(low) over before, 0)
),

taken as (
    select
        lag(position) over pairs as position,
        position as part_of,
        step, person, created_at, lag(created_at) over pairs as created_before
    from levels
    window pairs as (partition by person, whole, level order by moment, step desc, position)
),

parts as (
    select position, part_of from of_longer
    union all
    select position, part_of from of_equal
    union all
    select position, part_of from taken
    where step = -1 and (person <> '' or coalesce(created_at - created_before <= interval 1 day, true))
    union all
    select position, stands_for_it from sessions where position <> stands_for_it
)

select position::bigint as position, part_of::bigint as part_of from parts
