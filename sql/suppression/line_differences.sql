-- One row per breakdown of a shown cluster and part of all users: users whose conversations in it are not those in the total.
-- kind: view
-- grain: line, part
-- by: part
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
    select base_line, person, part, sum(sign * conversations) as difference, max(independent) as independent
    from base_cell_users inner join signed using (base_cell)
    group by base_line, person, part
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
    select line, facet, level, family, relation, breakdown, person, part, max(independent) as independent
    from parts inner join base_differences using (base_line)
    group by all
    having sum(difference) <> 0
)

select
    line::ubigint as line,
    part::integer as part,
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    (sum(independent) filter (person is not null))::bigint as independent    -- users who count towards thresholds; NULL: none
from differences
group by all
