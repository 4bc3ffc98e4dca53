-- One row per base cluster: the number of its centroid, and the id that it keeps from build to build.
-- kind: table
-- grain: facet, number
-- kept: last
-- After a refit a cluster takes the id of the cluster of the last build that it shares most members with, if that
-- cluster also shares most with it. All others get an id that was never given before.
with

centroids as materialized (
    select facet, model, unnest(clio_centroids(model)) as centroid, unnest(generate_series(0, k - 1)) as number
    from cluster_models
),

-- leaves of a taxonomy that is fitted now have their own ids
fixed as materialized (
    select facet, model, number, arg_max(id, (list_cosine_similarity(centroid, prototype), id)) as cluster_id
    from centroids inner join taxonomy_prototypes using (facet)
    group by facet, model, number
),

-- the same fit: the same clusters
same as (
    select centroids.*, last_cluster_ids.cluster_id
    from centroids inner join last_cluster_ids using (facet, model, number)
    anti join fixed using (facet)
),

fresh as materialized (
    select centroids.* from centroids anti join same using (facet) anti join fixed using (facet)
),

shared as materialized (
    select placements.facet, placements.number, coalesce(last_assignments.found_id, last_assignments.cluster_id) as cluster_id
    from placements
    inner join last_assignments using (conversation_id, facet)
    semi join fresh on fresh.facet = placements.facet
),

common as (
    select facet, number, cluster_id, count(*) as common from shared group by all
),

pairs as (
    select
        fresh.facet, fresh.number, last_cluster_ids.cluster_id,
        -- Jaccard, over the conversations of both builds
        coalesce(clio_overlap(
            common,
            sum(common) over (partition by fresh.facet, fresh.number),
            sum(common) over (partition by fresh.facet, last_cluster_ids.cluster_id)
        ), 0) as overlap,
        case
            when len(fresh.centroid) = len(last_cluster_ids.centroid)
                then list_cosine_similarity(fresh.centroid, last_cluster_ids.centroid)
        end as similarity
    from fresh
    inner join last_cluster_ids on last_cluster_ids.facet = fresh.facet
    left join common
        on common.facet = fresh.facet and common.number = fresh.number and common.cluster_id = last_cluster_ids.cluster_id
),

-- each is the other's best; they must share at least a third of all members, or have almost the same centroid. A pinned
-- cluster stays where most of it is
matched as (
    select facet, number, cluster_id, overlap, similarity
    from (
        select
            *,
            row_number() over (partition by facet, number order by overlap desc, similarity desc, cluster_id) as place,
            row_number() over (partition by facet, cluster_id order by overlap desc, similarity desc, number) as last_place
        from pairs
    ) cross join settings
    left join (select facet, cluster_id, true as is_pinned from corrections where kind = 'pin') as pins using (facet, cluster_id)
    where place = 1 and last_place = 1
        and (overlap >= 1 / 3 or similarity >= keep_name_similarity or is_pinned and overlap > 0)
),

highest as (
    select facet, max(try_cast(substring(cluster_id, 2) as integer)) as number
    from used_ids
    where cluster_id[1] = 'c'
    group by facet
),

new as (
    select
        fresh.facet, fresh.number,
        concat('c', lpad(cast(
            coalesce(highest.number, 0) + row_number() over (partition by fresh.facet order by fresh.number) as varchar
        ), 5, '0')) as cluster_id
    from (from fresh anti join matched using (facet, number)) as fresh
    left join highest on highest.facet = fresh.facet
)

select
    centroids.facet::varchar as facet,
    centroids.model::varchar as model,
    centroids.number::integer as number,
    coalesce(fixed.cluster_id, same.cluster_id, matched.cluster_id, new.cluster_id)::varchar as cluster_id,
    coalesce(same.cluster_id, matched.cluster_id)::varchar as last_cluster_id,        -- NULL: a new cluster
    (case when same.cluster_id is not null then 1 else matched.overlap end)::double as overlap,          -- share of all members, 0 to 1
    (case when same.cluster_id is not null then 1 else matched.similarity end)::double as similarity,    -- cosine of the centroids
    centroids.centroid::float[] as centroid
from centroids
left join fixed using (facet, number)
left join same using (facet, number)
left join matched using (facet, number)
left join new using (facet, number)
