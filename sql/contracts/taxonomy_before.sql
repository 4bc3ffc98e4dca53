-- One row per facet of kind taxonomy that is a tree and was published as a breakdown, or the other way round, with leaves in common.
-- A leaf's total in one build minus its published cells in another gives a hidden cell, as it would within one.
with

nodes as (
    select taxonomy.facet, taxonomy.id, lower(taxonomy.name) as name, facets.clustered
    from taxonomy inner join facets using (facet)
    where facets.kind = 'taxonomy'
),

-- what a build published once stays in its figures
trees as (
    select distinct facet, cluster_id as id
    from last_published_figures
    where relation = 'clusters' and facet not in (select facet from facets where kind = 'text')
),

breakdowns_before as (
    select distinct breakdown as facet, lower(value) as name
    from last_published_cells
    where relation = 'cluster_facets' and breakdown in (select facet from last_taxonomy_nodes)
)

select
    facet::varchar as facet,
    other::varchar as other,                       -- the facet that was published: itself, unless it was renamed
    clustered::boolean as clustered                -- what it is now
from (
    select nodes.facet, min(trees.facet) as other, false as clustered
    from nodes inner join trees using (id)
    where not nodes.clustered
    group by nodes.facet
    union all
    select nodes.facet, min(before.facet), true
    from nodes inner join breakdowns_before as before using (name)
    where nodes.clustered
    group by nodes.facet
)
order by facet
