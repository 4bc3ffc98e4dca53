-- One row per cell of a breakdown of a shown cluster and user, counted once however many base clusters they are in.
-- kind: table
-- grain: cell, person
-- by: part
with

parts as (
    select cell, unnest(base_cells) as base_cell from shown_cells where relation <> 'clusters'
)

select
    cell::ubigint as cell,
    person::ubigint as person,                                  -- NULL: users who are gone, and rows without a user id
    part::integer as part,                                      -- of all users, who are added up part by part
    max(gone)::integer as gone,                                 -- those of one base cell may be among those of another
    sum(conversations)::integer as conversations,
    sum(conversations_today)::integer as conversations_today,
    max(independent)::integer as independent,
    max(independent_today)::integer as independent_today
from base_cell_users inner join parts using (base_cell)
group by cell, person, part
