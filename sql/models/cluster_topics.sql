-- One row per cluster that passes the gate and name that the topics near its centre make: what it may be called without a phrase.
-- kind: table
-- grain: facet, cluster_id, name
-- Only if the local provider names. A sensitive topic only where enough users wrote each of its words. Users who write in several languages share no phrase, whatever they ask for.
-- If a topic is the nearest of several clusters, each is called by it and a second one, and their parent can be called by it.
with

topics as materialized (
    select topic, is_sensitive, clio_embed(topic) as embedding
    from (
        select unnest(clio_topics()) as topic, false as is_sensitive
        union all
        select unnest(clio_sensitive_topics()), true
    ) cross join build_info
    where provider = 'local'
),

supported as (
    select facet, cluster_id, list(lemma) as lemmas from supported_words group by facet, cluster_id
),

-- how far above the average topic each is
compared as (
    select
        facet, cluster_id, topic, is_sensitive,
        list_cosine_similarity(centroid, cast(embedding as float[])) as cosine,
        cosine - avg(cosine) over (partition by facet, cluster_id) as above
    from cluster_ids
    inner join gated_clusters using (facet, cluster_id)
    cross join topics
    where gated_clusters.passes
),

near as (
    select facet, cluster_id, topic, above, row_number() over (partition by facet, cluster_id order by above desc, topic) as place
    from compared left join supported using (facet, cluster_id)
    where above >= 0.15 and (not is_sensitive or len(clio_unsupported(topic, lemmas)) = 0)
    qualify place <= 6 and max(above) over (partition by facet, cluster_id) >= 0.2
),

nearest as (
    select facet, cluster_id, topic, above, count(*) over (partition by facet, topic) as clusters
    from near
    where place = 1
),

named as (
    select facet, cluster_id, topic as name, above - case when clusters > 1 then 0.2 else 0 end as above from nearest
    union all
    select
        nearest.facet, nearest.cluster_id,
        concat(
            nearest.topic, ', ',
            case when regexp_matches(near.topic, '^\p{Lu}\p{Lu}') then near.topic else concat(lower(near.topic[1]), near.topic[2:]) end
        ),
        (nearest.above + near.above) / 2
    from nearest inner join near using (facet, cluster_id)
    where near.place > 1 and clusters > 1
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    name::varchar as name,
    above::double as above                                             -- cosine to the centroid, less that of the average topic
from named
