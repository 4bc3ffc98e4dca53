-- clio_tree_proposals(last_level, settings): the broader names that a model proposes for each facet. One row per facet.
-- Clusters are grouped into neighbourhoods by the embedding of their name and description; each neighbourhood is asked for
-- broader names, and those of all neighbourhoods are merged. No row if the last tree is kept or centroids decide.
-- last_level: facet, cluster_id, text, criteria, wanted, kept, tree_by. Returns facet, names.
create or replace macro clio_tree_proposals(last_level, settings) as table
with

embedded as materialized (
    select facet, cluster_id, text, criteria, wanted, clio_embed(text) as embedding
    from query_table(last_level)
    where not kept and tree_by = 'names'
),

neighbourhoods as materialized (
    select
        facet,
        count(*) as level_size,
        clio_fit(
            list(embedding order by cluster_id), ceil(count(*) / any_value(neighbourhood)), seed := any_value(seed)
        ) as model
    from embedded cross join query_table(settings)
    group by facet
),

placed as materialized (
    select facet, cluster_id, text, criteria, wanted, level_size, clio_cluster(embedding, model).cluster_id as neighbourhood
    from embedded inner join neighbourhoods using (facet)
),

proposed as materialized (
    select
        facet, neighbourhood, any_value(criteria) as criteria, any_value(wanted) as wanted,
        clio_propose_raw(
            list(text order by cluster_id),
            cast(greatest(1, round(any_value(wanted) * count(*) / any_value(level_size))) as integer),
            any_value(criteria)
        ).value as names
    from placed
    group by facet, neighbourhood
)

select
    facet,
    clio_merge_raw(
        flatten(list(names order by neighbourhood) filter (len(names) > 0)),     -- NULL: no level above
        cast(any_value(wanted) as integer),
        any_value(criteria)
    ).value as names
from proposed
group by facet
