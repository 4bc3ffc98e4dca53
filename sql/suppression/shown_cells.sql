-- One row per cell of a shown cluster of any level: which base cells it adds up from, and how many users it needs.
-- kind: table
-- grain: cell
-- The total of a cluster is one of its cells.
with

tree as (
    select
        facet, level, cluster_id,
        coalesce(parent_id, cluster_id) as family,              -- the children of one parent; each top cluster is its own
        unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
),

base_cells as (
    select distinct relation, facet, cluster_id as base_cluster_id, breakdown, value
    from (
        select relation, facet, cluster_id, breakdown, value from published_figures
        union all
        select relation, facet, cluster_id, breakdown, value from cells
    )
),

grouped as (
    select
        facet, level, family, cluster_id, relation, breakdown, value,
        list(clio_cell(relation, facet, base_cluster_id, breakdown, value)) as base_cells
    from tree inner join base_cells using (facet, base_cluster_id)
    group by all
)

select
    clio_cell(relation, facet, cluster_id, breakdown, value)::ubigint as cell,
    clio_cell(relation, facet, cluster_id, breakdown, '')::ubigint as line,  -- one breakdown of one cluster
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    cluster_id::varchar as cluster_id,
    relation::varchar as relation,                              -- clusters: the total
    breakdown::varchar as breakdown,
    value::varchar as value,
    base_cells::ubigint[] as base_cells,
    (coalesce(min_users_cell, min_users) + case
        when last.cluster_id is not null then 0                 -- what was published stays published while it has the users
        else clio_margin(salt, concat_ws('/', 'cell', relation, facet, cluster_id, breakdown, value), cell_margin)
    end)::integer as required_users
from grouped
left join last_published_cells as last using (relation, facet, cluster_id, breakdown, value)
cross join settings
cross join margins
