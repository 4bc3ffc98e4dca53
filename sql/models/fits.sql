-- One row per facet that is clustered or placed in a taxonomy: how many clusters it needs, and why they are fitted again, if they are.
-- kind: table
-- grain: facet
--
-- A refit publishes new figures. If only a few users had changed since the last ones, the differences would identify them.
-- So a refit waits until at least min_users users came, went, or had more or fewer conversations, or none did.
with

embedded as (
    select facet, count(*) as conversations from embeddings group by facet
),

points as (
    select facet, count(*) as points from fit_points group by facet
),

counted as (
    select
        facet,
        conversations,
        coalesce(leaves, clio_fit_size(points, conversations_per_cluster, max_base_clusters, min_base_clusters, least_per_cluster)) as k,
        concat_ws(' ', coalesce(content, concat_ws(
            ' ', conversations_per_cluster, max_base_clusters, min_base_clusters, least_per_cluster
        )), points_per_cluster, fit_repeats, seed) as sizes
    from embedded inner join points using (facet) left join taxonomy_sizes using (facet) cross join settings
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

-- of clusters that a person hid nothing was published, so whoever changed there changed no figure
hidden_before as (
    select distinct conversation_id, facet from last_assignments semi join last_hidden_clusters using (facet, cluster_id)
),

-- as last published, for clusters that were shown, and today; without a user_id: no user, or as many as are gone
per_user as (
    select facet, user_id, sum(now) as now, sum(before) as before, max(gone) as gone
    from (
        select embeddings.facet, segments.user_id, 1 as now, 0 as before, 0 as gone
        from embeddings inner join segments using (conversation_id)
        anti join hidden_before using (conversation_id, facet)
        anti join repeated_segments using (conversation_id, facet)
        union all
        select facet, user_id, 0, conversations, case when user_id is null then people else 0 end
        from last_published_figures
        where relation = 'clusters'
            and (
                cluster_id = '(other)'
                or exists (
                    select 1 from last_hierarchy
                    where last_hierarchy.facet = last_published_figures.facet and last_hierarchy.cluster_id = last_published_figures.cluster_id
                )
            )
    )
    group by facet, user_id
),

moved as (
    select
        facet,
        bool_and(now = before) as same,
        count(*) filter (user_id is not null and now <> before) + max(gone) as people,
        sum(before) > 0 as is_told
    from per_user
    group by facet
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
        end as reason,
        coalesce(moved.is_told and not moved.same and moved.people < min_users and mode <> 'safety', false) as too_few
    from counted
    cross join settings
    cross join build_info
    left join last_fits on last_fits.facet = counted.facet
    left join far on far.facet = counted.facet
    left join moved on moved.facet = counted.facet
),

-- a different embedding model leaves no clusters to keep
decided as (
    select *, coalesce(too_few and reason not in ('first', 'embedding_model'), false) as waits
    from judged
)

select
    facet::varchar as facet,
    conversations::bigint as conversations,
    k::integer as k,                                                    -- wanted number of base clusters
    -- reached in any case; from there on, only clusters that are too wide are split
    (case when reason in ('growth', 'drift') then greatest(1, ceil(k * refit_least_share)) else k end)::integer as least,
    sizes::varchar as sizes,                                            -- what decides the clusters: settings, and of a taxonomy its nodes
    embedding_model::varchar as embedding_model,
    last_model::varchar as last_model,                                  -- NULL: there is none to start from
    far_share::double as far_share,                                     -- share farther from the last fit's clusters than 95% were then
    (case when not waits then reason end)::varchar as reason,           -- why clusters are fitted again; NULL: the last fit is kept
    (case when waits then reason end)::varchar as waiting               -- why clusters will be fitted again, once enough users changed
from decided cross join settings
