-- One row per base cluster and breakdown value that it and every cluster above it withhold, since a cluster beside it was hidden.
-- kind: table
-- grain: facet, corrected_id, cluster_id, relation, breakdown, value
-- kept: last
-- A parent's figure before, minus its figure without the hidden cluster, is what that cluster has of the value. So of
-- the clusters beside it, and of all that hold them, only values are published that the hidden cluster published too, or does not
-- have. That lasts as long as the correction does.
with

hides as (
    select facet, cluster_id as corrected_id from corrections where kind = 'hide'
),

-- hidden since the last build: the clusters that stood under the same parents
beside as (
    select distinct hidden.facet, hidden.corrected_id, hidden.cluster_id as hidden_id, unnest(above.base_cluster_ids) as cluster_id
    from hidden_clusters as hidden
    inner join last_hierarchy as above
        on above.facet = hidden.facet and above.level > 0 and list_contains(above.base_cluster_ids, hidden.cluster_id)
),

unpublished as (
    select distinct figures.facet, figures.cluster_id, figures.relation, figures.breakdown, figures.value
    from last_published_figures as figures
    anti join last_published_cells as earlier using (relation, facet, cluster_id, breakdown, value)
    where figures.relation in ('cluster_facets', 'cluster_trends', 'cluster_measures') and figures.value <> ''
),

everything as (
    select beside.facet, beside.corrected_id, beside.cluster_id, unpublished.relation, unpublished.breakdown, unpublished.value
    from beside inner join unpublished on unpublished.facet = beside.facet and unpublished.cluster_id = beside.hidden_id
    union
    select facet, corrected_id, cluster_id, relation, breakdown, value
    from last_withheld_values semi join hides using (facet, corrected_id)
)

select
    facet::varchar as facet,
    corrected_id::varchar as corrected_id,         -- which the correction names
    cluster_id::varchar as cluster_id,             -- of level 0
    relation::varchar as relation,                 -- cluster_facets, cluster_trends or cluster_measures
    breakdown::varchar as breakdown,
    value::varchar as value
from everything
