-- One row per family and breakdown that dates from a different build than its totals, so it must not be published.
-- kind: table
-- grain: facet, level, family, relation, breakdown
-- Subtracted from the total, such a breakdown would reveal who came or went in between, unless these are min_users users.
with

too_few as (
    select line, facet, level, family, relation, breakdown
    from line_differences cross join settings
    group by line, facet, level, family, relation, breakdown
    having not coalesce(sum(independent) >= any_value(min_users), false)
),

-- nor one of a day when a value had more conversations than the cluster has now: its share would be above 1
sizes as (
    select tree.facet, tree.cluster_id, sum(published_figures.conversations) as conversations
    from (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join published_figures on published_figures.facet = tree.facet and published_figures.cluster_id = tree.base_cluster_id
    where published_figures.relation = 'clusters'
    group by tree.facet, tree.cluster_id
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
