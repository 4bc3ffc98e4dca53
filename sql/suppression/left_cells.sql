-- One row per cell whose users are what is left of a breakdown of a cluster, if so many of its values are published.
-- kind: table
-- grain: try, line, less, cell
with

breakdowns as (
    select distinct facet, level, family, relation, breakdown, unnest([0, 1]) as try from family_values
),

held_back as (
    select breakdowns.try, shown_cells.cell, shown_cells.line
    from shown_cells
    inner join breakdowns using (facet, level, family, relation, breakdown)
    anti join value_tries using (try, facet, level, family, relation, breakdown, value)
),

-- readers can subtract, too, what an earlier build published by another period; family_values keeps that apart from today's
published_elsewhere as (
    select distinct cells.facet, cells.cluster_id, cells.breakdown, cells.cell
    from (select *, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join earlier_periods as earlier using (facet, base_cluster_id)
    inner join shown_cells as cells
        on cells.facet = tree.facet and cells.cluster_id = tree.cluster_id and cells.relation = 'cluster_trends'
        and cells.breakdown = earlier.period and cells.value = earlier.value
),

-- less: what is left once that is subtracted
cells_left as (
    select try, line, false as less, cell, 1 as sign from held_back
    union all
    select held_back.try, held_back.line, true, held_back.cell, 1
    from held_back
    semi join (
        select own.line from shown_cells as own
        inner join published_elsewhere using (facet, cluster_id)
        where own.relation = 'cluster_trends' and own.breakdown <> published_elsewhere.breakdown
    ) as lines using (line)
    union all
    select distinct breakdowns.try, own.line, true, published_elsewhere.cell, -1
    from published_elsewhere
    inner join shown_cells as own
        on own.facet = published_elsewhere.facet and own.cluster_id = published_elsewhere.cluster_id
        and own.relation = 'cluster_trends' and own.breakdown <> published_elsewhere.breakdown
    inner join breakdowns
        on breakdowns.facet = own.facet and breakdowns.level = own.level and breakdowns.family = own.family
        and breakdowns.relation = own.relation and breakdowns.breakdown = own.breakdown
)

select
    try::integer as try,
    line::ubigint as line,
    less::boolean as less,                           -- what is left once what another period published is subtracted
    cell::ubigint as cell,
    sign::integer as sign                            -- -1: it is subtracted
from cells_left
