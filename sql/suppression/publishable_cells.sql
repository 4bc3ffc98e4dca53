-- One row per cell that could be published: no total and no other cell gives back what is held back; sql/README.md says why.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value
-- 1. A value is published of all clusters of a family that have it, or of none (family_values).
-- 2. What is left of each cluster is nothing or passes the gate (family_choices).
-- 3. A value is published of a family only if it is published of the parent, and so on up to the top.
-- 4. Users of a cell are published only where all base clusters below that have the value publish it.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

published_above as (
    select above.facet, above.cluster_id, chosen.relation, chosen.breakdown, chosen.value
    from cluster_families as above inner join family_choices as chosen using (facet, level, family)
    group by all
    having count(*) = any_value(above.families)
),

published as (
    select figures.*
    from cell_figures as figures
    left join published_above using (facet, cluster_id, relation, breakdown, value)
    cross join settings
    where published_above.value is not null
        or mode = 'safety' and value <> ''                      -- for authorised people only: no gate
),

below as (
    select
        tree.facet, tree.cluster_id, figures.relation, figures.breakdown, figures.value,
        count(*) = count(published.cluster_id) as all_published
    from tree
    inner join cell_figures as figures on figures.facet = tree.facet and figures.cluster_id = tree.base_cluster_id
    left join published
        on published.facet = figures.facet and published.cluster_id = figures.cluster_id
        and published.relation = figures.relation and published.breakdown = figures.breakdown
        and published.value = figures.value
    group by tree.facet, tree.cluster_id, figures.relation, figures.breakdown, figures.value
)

select
    published.relation::varchar as relation,                    -- cluster_facets, cluster_trends or cluster_measures
    published.facet::varchar as facet,
    published.cluster_id::varchar as cluster_id,
    published.breakdown::varchar as breakdown,
    published.value::varchar as value,
    published.conversations::bigint as conversations,           -- not rounded yet
    (case when below.all_published then published.users end)::integer as users   -- NULL where cells below are held back
from published inner join below using (facet, cluster_id, relation, breakdown, value)
