-- One row a clustered facet: the k-means model of its base clusters, fitted on a sample ordered by hash of id.
-- kind: table
-- grain: facet
with

wanted as (
    select
        facet,
        greatest(1, least(any_value(max_base_clusters), ceil(count(*) / any_value(conversations_per_cluster)))) as k
    from embeddings cross join settings
    group by facet
),

sampled as (
    select conversation_id, facet, k, seed, md5(concat(seed, conversation_id)) as place
    from embeddings inner join wanted using (facet) cross join settings
    qualify row_number() over (partition by facet order by place) <= k * points_per_cluster
),

fitted as (
    select facet, clio_fit(list(embedding order by place), any_value(k), seed := any_value(seed)) as model
    from sampled inner join embeddings using (conversation_id, facet)
    group by facet
)

select
    facet::varchar as facet,
    model::varchar as model,
    len(clio_centroids(model))::integer as k       -- fewer than wanted where there are fewer distinct vectors
from fitted
