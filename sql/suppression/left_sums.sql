-- One row per try, breakdown of a cluster and part of all users: what is left of it, of the users of the part.
-- kind: view
-- grain: try, line, less, part
-- by: part
with

left_users as (
    select
        try, line, less, person, part,
        greatest(sum(sign * conversations), 0) as conversations,
        greatest(sum(sign * conversations_today), 0) as conversations_today,
        max(independent) as independent,
        max(independent_today) as independent_today
    from cell_users inner join left_cells using (cell)
    group by try, line, less, person, part
)

select
    try::integer as try,                                                    -- as left_cells has it
    line::ubigint as line,
    less::boolean as less,
    part::integer as part,
    sum(conversations)::bigint as conversations,
    sum(conversations_today)::bigint as conversations_today,
    (sum(independent) filter (conversations > 0))::bigint as independent,   -- NULL: none
    (sum(independent_today) filter (not less or conversations_today > 0))::bigint as independent_today,
    (max(conversations) filter (person is not null))::bigint as most,       -- of one user; NULL: none
    (max(conversations_today) filter (person is not null))::bigint as most_today
from left_users
group by try, line, less, part
