-- One row per family and value that may be published, so that what is left of each cluster gives nothing away.
-- kind: table
-- grain: facet, level, family, relation, breakdown, value
-- What is left, all values held back together, is nothing or passes the gate. Else the smallest value is held back too; if
-- that is not enough, the whole breakdown is.
with

-- try 0 publishes all values, try 1 all but the smallest
tries as (
    select *, 0 as try from family_values
    union all
    select *, 1 from family_values where not is_smallest
),

breakdowns as (
    select distinct facet, level, family, relation, breakdown, unnest([0, 1]) as try from family_values
),

held_back as (
    select breakdowns.try, shown_cells.cell, shown_cells.line
    from shown_cells
    inner join breakdowns using (facet, level, family, relation, breakdown)
    anti join tries using (try, facet, level, family, relation, breakdown, value)
),

published_before as (                                -- of a merged cluster: of the one that it is part of, too
    select facet, base_cluster_id, period, value from last_published_periods
    union all
    select earlier.facet, merged.cluster_id, earlier.period, earlier.value
    from last_published_periods as earlier
    inner join merged_clusters as merged on merged.facet = earlier.facet and merged.found_id = earlier.base_cluster_id
),

-- readers can subtract, too, what an earlier build published by another period; family_values keeps that apart from today's
published_elsewhere as (
    select distinct cells.facet, cells.cluster_id, cells.breakdown, cells.cell
    from (select *, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join published_before as earlier using (facet, base_cluster_id)
    inner join shown_cells as cells
        on cells.facet = tree.facet and cells.cluster_id = tree.cluster_id and cells.relation = 'cluster_trends'
        and cells.breakdown = earlier.period and cells.value = earlier.value
),

-- less: what is left once that is subtracted
parts as (
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
),

left_users as (
    select
        try, line, less, person,
        greatest(sum(sign * conversations), 0) as conversations,
        greatest(sum(sign * conversations_today), 0) as conversations_today,
        max(independent) as independent,
        max(independent_today) as independent_today
    from cell_users inner join parts using (cell)
    group by try, line, less, person
),

left_over as (
    select
        try, line, less,
        clio_gate(
            sum(independent) filter (conversations > 0), sum(conversations),
            max(conversations) filter (person is not null),
            any_value(coalesce(min_users_cell, min_users)),
            any_value(coalesce(min_conversations_cell, min_conversations)), any_value(max_user_share)
        ) and clio_gate(
            sum(independent_today) filter (not less or conversations_today > 0), sum(conversations_today),
            max(conversations_today) filter (person is not null),
            any_value(coalesce(min_users_cell, min_users)),
            any_value(coalesce(min_conversations_cell, min_conversations)), any_value(max_user_share)
        ) and sum(conversations_today) > 0 as passes
    from left_users cross join settings
    group by try, line, less
    having sum(conversations) > 0 or less             -- next to what another period published, nothing is too little
),

too_little as (
    select distinct left_over.try, facet, level, family, relation, breakdown
    from left_over
    inner join (select distinct line, facet, level, family, relation, breakdown from shown_cells) using (line)
    where not passes
),

first_that_is_enough as (
    select facet, level, family, relation, breakdown, min(try) as try
    from breakdowns anti join too_little using (try, facet, level, family, relation, breakdown)
    group by facet, level, family, relation, breakdown
)

select
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    value::varchar as value
from tries inner join first_that_is_enough using (facet, level, family, relation, breakdown, try)
