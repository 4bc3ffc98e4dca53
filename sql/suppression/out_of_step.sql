-- One row per family and breakdown that dates from a different build than its totals, so it must not be published.
-- kind: table
-- grain: facet, level, family, relation, breakdown
-- Subtracted from the total, such a breakdown would reveal who came or went in between, unless these are min_users users.
-- Users who are gone count as none of them; users who only moved between base clusters do not count for the cluster above.
with

-- differences are summed over the base clusters, most of which have none
base_lines as (
    select line as base_line, facet, cluster_id as base_cluster_id, relation, breakdown, cell as base_cell
    from shown_cells
    where level = 0 and relation <> 'clusters'
),

totals as (
    select facet, cluster_id as base_cluster_id, cell as base_cell
    from shown_cells
    where level = 0 and relation = 'clusters'
),

every_base_line as (                                            -- a cluster that lacks a value of it has a line too
    select facet, base_cluster_id, relation, breakdown,
        clio_cell(relation, facet, base_cluster_id, breakdown, '') as base_line
    from totals
    inner join (select distinct facet, relation, breakdown from base_lines) using (facet)
),

signed as (
    select base_line, base_cell, -1 as sign from base_lines
    union all
    select base_line, base_cell, 1 from every_base_line inner join totals using (facet, base_cluster_id)
),

base_differences as (
    select base_line, person, sum(sign * conversations) as difference, max(independent) as independent
    from base_cell_users inner join signed using (base_cell)
    group by base_line, person
    having sum(sign * conversations) <> 0
),

lines as (
    select distinct line, facet, level, family, cluster_id, relation, breakdown from cell_figures
),

parts as (
    select line, lines.facet, level, family, relation, breakdown,
        clio_cell(relation, lines.facet, base_cluster_id, breakdown, '') as base_line
    from lines
    inner join (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
        on tree.facet = lines.facet and tree.cluster_id = lines.cluster_id
),

differences as (
    select line, facet, level, family, relation, breakdown, person, max(independent) as independent
    from parts inner join base_differences using (base_line)
    group by all
    having sum(difference) <> 0
),

too_few as (
    select line, facet, level, family, relation, breakdown
    from differences cross join settings
    group by line, facet, level, family, relation, breakdown
    having not coalesce(sum(independent) filter (person is not null) >= any_value(min_users), false)
),

-- nor one of a day when a value had more conversations than the cluster has now: its share would be above 1
sizes as (
    select facet, cluster_id, sum(base_cell_users.conversations) as conversations
    from (select facet, cluster_id, unnest(base_cells) as base_cell from shown_cells where relation = 'clusters') as parts
    inner join base_cell_users using (base_cell)
    group by facet, cluster_id
),

outgrown as (
    select cells.line, cells.facet, cells.level, cells.family, cells.relation, cells.breakdown
    from cell_figures as cells inner join sizes using (facet, cluster_id)
    where cells.passes and cells.conversations > sizes.conversations
)

select distinct
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown
from (from too_few union all from outgrown)
