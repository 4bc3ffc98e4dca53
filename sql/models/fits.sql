-- One row a clustered facet: how many base clusters it wants, and why they are to be fitted anew, if they are.
-- kind: table
-- grain: facet
with

counted as (
    select
        facet,
        count(*) as conversations,
        greatest(1, least(
            any_value(max_base_clusters),
            greatest(
                ceil(count(*) / any_value(conversations_per_cluster)),
                least(any_value(min_base_clusters), count(*) // any_value(least_per_cluster))
            )
        )) as k,
        any_value(concat_ws(
            ' ', conversations_per_cluster, max_base_clusters, min_base_clusters, least_per_cluster, points_per_cluster, seed
        )) as sizes
    from embeddings cross join settings
    group by facet
),

-- the fit of the last published build, as far as it fits these embeddings
last_fits as materialized (
    select last_cluster_models.*
    from last_cluster_models inner join build_info using (embedding_model)
),

far as (
    select
        embeddings.facet,
        avg(cast(clio_cluster(embeddings.embedding, last_fits.model).distance > last_fits.far_distance as integer)) as far_share
    from embeddings inner join last_fits on last_fits.facet = embeddings.facet
    group by embeddings.facet
),

judged as (
    select
        counted.*,
        build_info.embedding_model,
        last_fits.model as last_model,
        far.far_share,
        case
            when not exists (from last_cluster_models where last_cluster_models.facet = counted.facet) then 'first'
            when last_fits.model is null then 'embedding_model'
            when build_info.refit then 'asked'
            when last_fits.sizes is distinct from counted.sizes then 'settings'
            when counted.conversations >= last_fits.conversations * (1 + refit_growth)
                or counted.conversations * (1 + refit_growth) <= last_fits.conversations then 'growth'
            when far.far_share > refit_far_share then 'drift'
        end as reason
    from counted
    cross join settings
    cross join build_info
    left join last_fits on last_fits.facet = counted.facet
    left join far on far.facet = counted.facet
)

select
    facet::varchar as facet,
    conversations::bigint as conversations,
    k::integer as k,                                                    -- wanted
    -- reached in any case; from there on only clusters that are too wide are split
    (case when reason in ('growth', 'drift') then greatest(1, ceil(k * refit_least_share)) else k end)::integer as least,
    sizes::varchar as sizes,                                            -- the settings that decide the number of clusters
    embedding_model::varchar as embedding_model,
    last_model::varchar as last_model,                                  -- NULL: none to start from
    far_share::double as far_share,                                     -- farther from the last fit's clusters than 95% were then
    reason::varchar as reason                                           -- NULL: the last fit stays
from judged cross join settings
