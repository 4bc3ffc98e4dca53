-- One row a cluster, breakdown and value that may be told: no total and no other cell gives back what is not told.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value
--
-- The rule, for each breakdown and each family (the children of one parent; each top cluster is a family of its own):
--   1. A value is told of all clusters of a family that have it, or of none: if each of these cells passes the gate.
--   2. What is left of each cluster, all values not told together, is nothing or passes the gate. Otherwise the smallest
--      value that all of the family have is not told either; and if that is not enough, none is.
--   3. A value is told of a family only if it is told of the parent, and so on up to the top. An only child tells what
--      its parent tells.
--   4. Distinct people of a cell are told only where all base clusters below that have the value tell it.
--
-- Why nothing can be given back. Let an attacker know every total exactly; rounding only makes that less. In a family,
-- the cells that are not told are a whole table: all its clusters by all values not told (1). Known of it are the rows,
-- r = what is left of each cluster, and the columns c of those values that the parent tells (3); n is all of it. Every
-- table with these margins is possible, so a cell lies anywhere from max(0, r + c - n) to min(r, c). Where the lower end
-- is above 0, the width is the smaller of n - r, what is left of the siblings, and n - c, the other values not told.
-- A value that the parent tells passes the gate, so if it is not told here, it fails in one cluster, and is in at least
-- two. What is left of both passes (2), so n - r is at least min_conversations. It is not all that is left of the one
-- where it fails, so there are other values: one that the parent tells, or what is left of the parent, and each of these
-- passes the gate. So n - c is at least min_conversations too. Of a value that the parent does not tell, c is not known:
-- it may be all any other value (2 leaves no value alone that fails). And if c lies between l and u, then the cell has
-- lower end 0 or a width of at least u - l; so the same holds further down. People add up to no total, but
-- max(child) <= parent <= sum, which binds only where they are told of a cell but not of those below (4).
with

tree as (
    select
        facet, level, cluster_id,
        coalesce(parent_id, cluster_id) as family,
        parent_id is not null and count(*) over (partition by facet, level, parent_id) = 1 as is_only_child,
        unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
),

-- the gate is looked at on both days: that of the figure, and today. Without a user_id a row is of nobody, and of people
-- who are gone, so many as `gone` says; with one it is of one person.
days as (
    select
        relation, facet, cluster_id as base_cluster_id, breakdown, value, user_id,
        case when user_id is null then people else 0 end as gone, conversations, 0 as conversations_today,
        independent_people as independent, 0 as independent_today
    from bases
    union all
    select relation, facet, cluster_id, breakdown, value, user_id, 0, 0, conversations, 0, case when independent then 1 else 0 end
    from cells
),

-- Long keys are looked up in these four. What there is of each person and cell is many rows, and has their numbers: of one
-- build, in no order, and in no row that is told. Nobody, and who is gone, has none: person is NULL.
persons as materialized (
    select user_id, (row_number() over ())::integer as person
    from (select distinct user_id from days where user_id is not null)
),

base_cells as materialized (
    select *, (row_number() over ())::integer as base_cell
    from (
        select distinct relation, facet, base_cluster_id, breakdown, value
        from days semi join tree using (facet, base_cluster_id)
    )
),

lines as materialized (                                  -- one breakdown of one shown cluster, of any level: a line of cells
    select *, (row_number() over ())::integer as line
    from (
        select distinct facet, level, family, cluster_id, relation, breakdown
        from tree inner join base_cells using (facet, base_cluster_id)
        where relation <> 'clusters'                      -- totals are broken down by nothing; see differing
    )
),

every_cell as materialized (                              -- one value of a line, and the base cells it adds up from
    select grouped.*, (row_number() over ())::integer as cell, min_users + case
        when last_told_cells.cluster_id is not null then 0    -- what was published stays while it has min_users
        else clio_margin(salt, concat_ws('/', 'cell', relation, facet, cluster_id, breakdown, value), cell_margin)
    end as required_users
    from (
        select line, facet, level, family, cluster_id, relation, breakdown, value, list(base_cell) as base_cells
        from tree
        inner join base_cells using (facet, base_cluster_id)
        inner join lines using (facet, level, family, cluster_id, relation, breakdown)
        group by line, facet, level, family, cluster_id, relation, breakdown, value
    ) as grouped
    left join last_told_cells using (relation, facet, cluster_id, breakdown, value)
    cross join settings
    cross join margins
),

looked_up as materialized (                              -- apart from the next, or DuckDB groups by long keys before this join
    select
        base_cell, person,
        gone::integer as gone, conversations::integer as conversations, conversations_today::integer as conversations_today,
        independent::integer as independent, independent_today::integer as independent_today
    from days
    inner join base_cells using (relation, facet, base_cluster_id, breakdown, value)
    left join persons using (user_id)
),

per_base_cell as materialized (
    select
        base_cell, person,
        sum(gone)::integer as gone, sum(conversations)::integer as conversations,
        sum(conversations_today)::integer as conversations_today,
        sum(independent)::integer as independent, sum(independent_today)::integer as independent_today
    from looked_up
    group by base_cell, person
),

per_user as materialized (                                -- somebody who is in two base clusters is one person
    select
        cell, person,
        sum(gone) as gone, sum(conversations) as conversations, sum(conversations_today) as conversations_today,
        -- one person counts once, those who are gone as many as they are
        case when person is null then sum(independent) else max(independent) end as independent,
        max(independent_today) as independent_today
    from per_base_cell
    inner join (select cell, unnest(base_cells) as base_cell from every_cell) as parts using (base_cell)
    group by cell, person
),

figures as (
    select
        cell, line, facet, level, family, cluster_id, relation, breakdown, value, conversations, users,
        value <> '' and conversations_today > 0
        and clio_gate(independent, conversations, most, required_users, min_conversations, max_user_share)
        and clio_gate(                                    -- and today
            independent_today, conversations_today, most_today, required_users, min_conversations, max_user_share
        ) as passes
    from (
        select
            cell,
            sum(conversations) as conversations,
            sum(conversations_today) as conversations_today,
            count(person) filter (conversations > 0) + sum(gone) as users,
            sum(independent) filter (conversations > 0) as independent,
            sum(independent_today) as independent_today,
            max(conversations) filter (person is not null) as most,
            max(conversations_today) filter (person is not null) as most_today
        from per_user
        group by cell
        having sum(conversations) > 0
    )
    inner join every_cell using (cell)
    cross join settings
),

-- A breakdown of another day than the total would tell by the difference who came or went between, unless these are
-- min_users people; nobody, and who is gone, counts as none of them. A difference adds up from the base clusters, where
-- most are 0; who only went from one to another below is none of the cluster above.
base_lines as materialized (
    select *, (row_number() over ())::integer as base_line
    from (select distinct facet, base_cluster_id from base_cells)
    inner join (select distinct facet, relation, breakdown from base_cells where relation <> 'clusters') using (facet)
),

differing as (
    select base_line, base_cell, -1 as times
    from base_lines inner join base_cells using (facet, base_cluster_id, relation, breakdown)
    union all
    select base_lines.base_line, totals.base_cell, 1
    from base_lines inner join base_cells as totals using (facet, base_cluster_id)
    where totals.relation = 'clusters'
),

base_differences as (
    select base_line, person, sum(times * conversations) as difference, max(independent) as independent
    from per_base_cell inner join differing using (base_cell)
    group by base_line, person
    having sum(times * conversations) <> 0
),

differences as (
    select lines.line, person, max(independent) as independent
    from base_differences
    inner join base_lines using (base_line)
    inner join tree using (facet, base_cluster_id)
    inner join lines using (facet, level, family, cluster_id, relation, breakdown)
    group by lines.line, person
    having sum(difference) <> 0
),

out_of_step as (
    select distinct lines.facet, lines.level, lines.family, lines.relation, lines.breakdown
    from (
        select line
        from differences cross join settings
        group by line
        having not coalesce(sum(independent) filter (person is not null) >= any_value(min_users), false)
    ) as apart
    inner join lines using (line)
    where line in (select line from figures)              -- else there are no figures to subtract
),

-- 1: a value of all that have it, or of none
family_sizes as (
    select facet, level, family, count(distinct cluster_id) as clusters
    from tree
    group by all
),

candidates as (
    select
        figures.facet, figures.level, figures.family, relation, breakdown, value,
        sum(conversations) as conversations,
        count(*) = any_value(family_sizes.clusters) as in_all
    from figures
    inner join family_sizes using (facet, level, family)
    left join out_of_step using (facet, level, family, relation, breakdown)
    group by figures.facet, figures.level, figures.family, relation, breakdown, value
    having bool_and(passes) and count(out_of_step.family) = 0
),

smallest as (
    select facet, level, family, relation, breakdown, value
    from candidates
    where in_all
    qualify row_number() over (partition by facet, level, family, relation, breakdown order by conversations, value) = 1
),

-- 2: try 0 tells all of these, try 1 all but the smallest, try 2 none
offered as (
    select candidates.*, 0 as try from candidates
    union all
    select candidates.*, 1 from candidates anti join smallest using (facet, level, family, relation, breakdown, value)
),

breakdowns_of_families as (
    select distinct facet, level, family, relation, breakdown, unnest([0, 1]) as try
    from candidates
),

untold as (
    select breakdowns_of_families.try, every_cell.cell, every_cell.line
    from every_cell
    inner join breakdowns_of_families using (facet, level, family, relation, breakdown)
    anti join offered using (try, facet, level, family, relation, breakdown, value)
),

left_over as (
    select
        untold.try, untold.line, per_user.person,
        sum(per_user.gone) as gone,
        sum(per_user.conversations) as conversations,
        sum(per_user.conversations_today) as conversations_today,
        case when person is null then sum(per_user.independent) else max(per_user.independent) end as independent,
        max(per_user.independent_today) as independent_today
    from per_user inner join untold using (cell)
    group by untold.try, untold.line, per_user.person
),

left_of_lines as (
    select
        try, line,
        clio_gate(
            sum(independent) filter (conversations > 0), sum(conversations), max(conversations) filter (person is not null),
            any_value(min_users), any_value(min_conversations), any_value(max_user_share)
        ) and clio_gate(                                  -- and today
            sum(independent_today), sum(conversations_today), max(conversations_today) filter (person is not null),
            any_value(min_users), any_value(min_conversations), any_value(max_user_share)
        ) and sum(conversations_today) > 0 as passes
    from left_over cross join settings
    group by try, line
    having sum(conversations) > 0                         -- nothing left of the cluster is as good
),

too_little as (
    select distinct try, facet, level, family, relation, breakdown
    from left_of_lines inner join lines using (line)
    where not passes
),

chosen as (
    select facet, level, family, relation, breakdown, min(try) as try
    from breakdowns_of_families anti join too_little using (try, facet, level, family, relation, breakdown)
    group by facet, level, family, relation, breakdown
),

told_of_families as (
    select facet, level, family, relation, breakdown, value
    from offered inner join chosen using (facet, level, family, relation, breakdown, try)
),

-- 3: what the parent tells too; the clusters above a cluster are those that hold one of its base clusters
above as (
    select
        own.facet, own.cluster_id, higher.level, higher.family,
        count(*) over (partition by own.facet, own.cluster_id) as families
    from (select facet, level, cluster_id, min(base_cluster_id) as base_cluster_id from tree group by all) as own
    inner join tree as higher
        on higher.facet = own.facet and higher.base_cluster_id = own.base_cluster_id and higher.level >= own.level
    where not higher.is_only_child                        -- an only child is its parent, and tells what that tells
),

told_of_all as (
    select above.facet, above.cluster_id, told_of_families.relation, told_of_families.breakdown, told_of_families.value
    from above inner join told_of_families using (facet, level, family)
    group by above.facet, above.cluster_id, told_of_families.relation, told_of_families.breakdown, told_of_families.value
    having count(*) = any_value(above.families)
),

told as (
    select figures.*
    from figures
    left join told_of_all using (facet, cluster_id, relation, breakdown, value)
    cross join settings
    where told_of_all.value is not null
        or mode = 'safety' and value <> ''                -- for authorised people alone: no gate
),

-- 4: people, where all below is told
below as (
    select
        tree.facet, tree.cluster_id, figures.relation, figures.breakdown, figures.value,
        count(*) = count(told.cluster_id) as all_told
    from tree
    inner join figures on figures.facet = tree.facet and figures.cluster_id = tree.base_cluster_id
    left join told
        on told.facet = figures.facet and told.cluster_id = figures.cluster_id and told.relation = figures.relation
        and told.breakdown = figures.breakdown and told.value = figures.value
    group by tree.facet, tree.cluster_id, figures.relation, figures.breakdown, figures.value
)

select
    told.relation::varchar as relation,            -- cluster_facets or cluster_trends
    told.facet::varchar as facet,
    told.cluster_id::varchar as cluster_id,
    told.breakdown::varchar as breakdown,
    told.value::varchar as value,
    told.conversations::bigint as conversations,   -- not rounded yet
    (case when below.all_told then told.users end)::integer as users    -- distinct people; NULL where cells below are not told
from told inner join below using (facet, cluster_id, relation, breakdown, value)
