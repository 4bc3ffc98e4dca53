-- One row per facet that is clustered or placed in a taxonomy: the model of its clusters, fitted on a sample ordered by hash of id.
-- kind: table
-- grain: facet
-- kept: last
-- As long as no refit is due, the model of the last published build is kept. A refit starts from its centroids.
with

due as materialized (
    select * from fits where reason is not null
),

fitted as materialized (
    select
        facet,
        clio_fit(
            list(embedding order by place), any_value(due.k),
            seed := any_value(seed), start := any_value(coalesce(last_model, '')), least := any_value(due.least)
        ) as model
    from fit_vectors
    inner join due using (facet)
    cross join settings
    anti join taxonomy_prototypes using (facet)
    group by facet
    union all
    -- as many vectors as clusters are the model as they are
    select facet, clio_fit(list(prototype order by id), count(*)) from taxonomy_prototypes group by facet
),

spread as (
    select facet, quantile_cont(clio_cluster(embedding, model).distance, 0.95) as far_distance
    from fit_vectors
    inner join fitted using (facet)
    group by facet
)

select
    facet::varchar as facet,
    model::varchar as model,
    len(clio_centroids(model))::integer as k,              -- fewer than wanted if there are fewer distinct vectors
    conversations::bigint as conversations,                -- when it was fitted
    far_distance::double as far_distance,                  -- 95% of the conversations were nearer to their centroid
    sizes::varchar as sizes,
    embedding_model::varchar as embedding_model,
    reason::varchar as reason                              -- of this fit: first, asked, growth, drift, settings or embedding_model
from fitted inner join spread using (facet) inner join due using (facet)
union all
select
    last_fits.facet, last_fits.model, last_fits.k, last_fits.conversations, last_fits.far_distance, last_fits.sizes,
    last_fits.embedding_model, last_fits.reason
from last_cluster_models as last_fits inner join fits using (facet)
where fits.reason is null
