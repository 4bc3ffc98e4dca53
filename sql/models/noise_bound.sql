-- One row: the most that one user can change the figures of noisy_cells, all added up. NULL without epsilon.
-- kind: view
-- grain: one row
with

clustered as (
    select count(*) as facets from facets where clustered
),

-- every breakdown that is possible, so that the bound does not depend on what users wrote
broken_down as (
    select 3 + len(input.breakdowns) + (select count(*) from facets where kind in ('category', 'score') or kind = 'taxonomy' and not clustered) as breakdowns
    from input                                         -- 3: turns, length and month of direct_facets
)

select
    epsilon::double as epsilon,
    -- a conversation is in one base cluster, one period, and one value of each breakdown; each counts it and its user
    case
        when epsilon is not null then conversations_per_user * clustered.facets * (2 + broken_down.breakdowns) * 2
    end::bigint as sensitivity                         -- L1
from settings cross join clustered cross join broken_down
