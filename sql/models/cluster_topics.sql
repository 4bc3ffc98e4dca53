-- One row per cluster that passes the gate and name that the topics near its centre make: what it may be called without a phrase.
-- kind: table
-- grain: facet, cluster_id, name
-- Only if the local provider names. A sensitive topic only where enough users wrote each of its words. Users who write in several languages share no phrase, whatever they ask for.
-- If a topic is the nearest of several clusters, each is called by it and a second one, and their parent can be called by it.
-- A cluster that is mostly in one language is called in that language, where clio_translated_topics has it.
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

-- some topics are near everything: how near each is to all others; decimals add up to the same in any order
generally as (
    select topics.topic, avg(try_cast(array_inner_product(topics.embedding, others.embedding) as decimal(12, 9))) as cosine
    from topics cross join topics as others
    group by topics.topic
),

supported as (
    select facet, cluster_id, list(lemma) as lemmas from supported_words group by facet, cluster_id
),

centred as (
    select
        facet, cluster_id, topic, is_sensitive,
        try_cast(list_cosine_similarity(centroid, cast(embedding as float[])) as decimal(12, 9)) as cosine
    from cluster_ids
    inner join gated_clusters using (facet, cluster_id)
    cross join topics
    where gated_clusters.passes
),

-- how much nearer each is than it is to other clusters; all topics count as much as 20 clusters
compared as (
    select
        facet, cluster_id, topic, is_sensitive,
        cast(centred.cosine - (
            sum(centred.cosine) over (partition by facet, topic) + 20 * generally.cosine
        ) / (count(*) over (partition by facet, topic) + 20) as decimal(12, 9)) as nearer
    from centred inner join generally using (topic)
),

placed as (
    select *, nearer - avg(nearer) over (partition by facet, cluster_id) as above from compared
),

near as (
    select facet, cluster_id, topic, above, row_number() over (partition by facet, cluster_id order by above desc, topic) as place
    from placed left join supported using (facet, cluster_id)
    where above >= 0.1 and (not is_sensitive or len(clio_unsupported(topic, lemmas)) = 0)
    qualify place <= 6 and max(above) over (partition by facet, cluster_id) >= 0.2
),

translated as materialized (select unnest(clio_translated_topics()) as names),

listed as (select names as languages from translated where names[1] = 'English'),

called as (
    select
        near.*,
        coalesce(names[list_position(languages, language)], topic) as name,
        case when names[list_position(languages, language)] is not null then language end as written_in
    from near
    left join cluster_languages using (facet, cluster_id)
    left join translated on names[1] = topic
    cross join listed
),

nearest as (
    select *, count(*) over (partition by facet, name) as clusters
    from called
    where place = 1
),

named as (
    select
        facet, cluster_id, name, topic as english, written_in,
        above - case when clusters > 1 then 0.2 else 0 end as above
    from nearest
    union all
    select
        nearest.facet, nearest.cluster_id,
        concat(nearest.name, ', ', if(nearest.written_in = 'German' or regexp_matches(called.name, '^\p{Lu}\S*\p{Lu}'), called.name, concat(lower(called.name[1]), called.name[2:]))),
        concat(nearest.topic, ', ', if(regexp_matches(called.topic, '^\p{Lu}\S*\p{Lu}'), called.topic, concat(lower(called.topic[1]), called.topic[2:]))),
        nearest.written_in,
        (nearest.above + called.above) / 2
    from nearest
    inner join called using (facet, cluster_id)
    where called.place > 1 and clusters > 1
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    name::varchar as name,
    above::double as above,                                            -- cosine to the centroid, less what is usual for this topic and for this cluster
    english::varchar as english,                                       -- the same in English
    coalesce(written_in, 'English')::varchar as language               -- of the name
from named
