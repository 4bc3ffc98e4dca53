-- One row per cell of a breakdown and part of all users: what those of the part come to.
-- kind: view
-- grain: cell, part
-- by: part
select
    cell::ubigint as cell,
    part::integer as part,
    sum(conversations)::bigint as conversations,
    sum(conversations_today)::bigint as conversations_today,
    (count(person) filter (conversations > 0) + sum(gone))::bigint as users,
    (sum(independent) filter (conversations > 0))::bigint as independent,    -- NULL: none
    sum(independent_today)::bigint as independent_today,
    (max(conversations) filter (person is not null))::bigint as most,        -- of one user; NULL: none
    (max(conversations_today) filter (person is not null))::bigint as most_today
from cell_users
group by cell, part
