-- clio_tree_topics(families, last_level, base_clusters, tree_languages, evidence, build_info): the topic that each parent may be called by, if the local
-- provider names. One row per parent that has one: facet, cluster_id, topic. A topic is near a child where its cosine to the child's
-- name is well above that of the average topic; it must be near most children and most of their conversations, and nearly the
-- nearest of all topics. Each word of a sensitive one must be supported below the parent. The best
-- pair of a parent and a topic is settled first; a topic that a cluster below is called by is not used again. It is said in the language of
-- the parent, if it has one.
create or replace macro clio_tree_topics(families, last_level, base_clusters, tree_languages, evidence, build_info) as table
with

topics as materialized (
    select topic, is_sensitive, clio_embed(topic) as embedding
    from (
        select unnest(clio_topics()) as topic, false as is_sensitive
        union all
        select unnest(clio_sensitive_topics()), true
    ) cross join query_table(build_info)
    where provider = 'local'
),

children as materialized (
    select family.facet, family.cluster_id, child.cluster_id as child_id, child.conversations, clio_embed(child.name) as embedding
    from query_table(families) as family
    inner join query_table(last_level) as child
        on child.facet = family.facet and list_contains(family.child_ids, child.cluster_id)
    where len(family.child_ids) > 1 and family.cluster_id <> clio_various().cluster_id
),

-- decimals add up to the same in any order
compared as materialized (
    select
        facet, cluster_id, child_id, conversations, topic, is_sensitive,
        try_cast(array_inner_product(children.embedding, topics.embedding) as decimal(12, 9)) as cosine
    from children cross join topics
),

averages as (
    select facet, cluster_id, child_id, avg(cosine) as average from compared group by facet, cluster_id, child_id
),

-- the words that a sensitive topic needs support in
needed as materialized (
    select topic, clio_unsupported(topic, null) as words, list_transform(words, lambda word: clio_word(word).lemma) as lemmas
    from topics
    where is_sensitive
),

-- sensitive topics of which a word is not supported below
unsupported as (
    select family.facet, family.cluster_id, topic
    from query_table(families) as family
    cross join needed
    left join query_table(evidence) as evidence using (facet, cluster_id)
    where list_contains(words, '') or not list_has_all(coalesce(evidence.lemmas, []), needed.lemmas)
),

-- how far above the average topic each is, for one child
raised as (
    select compared.*, cast(cosine - average as decimal(12, 9)) as above
    from compared
    inner join averages using (facet, cluster_id, child_id)
    anti join unsupported using (facet, cluster_id, topic)
),

near as (
    select
        facet, cluster_id, topic,
        sum(above * conversations) / sum(conversations) as score,
        count(*) filter (above >= 0.2) >= 0.5 * count(*)
        and sum(conversations) filter (above >= 0.2) >= 0.6 * sum(conversations) as of_most
    from raised
    group by facet, cluster_id, topic
    qualify score >= 0.7 * max(score) over (partition by facet, cluster_id)
),

translated as materialized (select unnest(clio_translated_topics()) as names),

listed as (select names as languages from translated where names[1] = 'English'),

called as (
    select
        near.facet, near.cluster_id, score, of_most,
        coalesce(names[list_position(languages, language)], topic) as topic
    from near
    left join query_table(tree_languages) as spoken using (facet, cluster_id)
    left join translated on names[1] = topic
    cross join listed
),

gone as (
    select facet, lower(name) as name from query_table(last_level)
    union
    select facet, lower(name) from query_table(base_clusters)
),

paired as (
    select
        facet,
        list(cluster_id order by cluster_id, topic) as cluster_ids,
        list(topic order by cluster_id, topic) as topics,
        list(score order by cluster_id, topic) as scores
    from called anti join gone on gone.facet = called.facet and gone.name = lower(called.topic)
    where score >= 0.25 and of_most
    group by facet
),

matched as (
    select
        facet, unnest(cluster_ids) as cluster_id, unnest(topics) as topic,
        unnest(clio_match(cluster_ids, topics, scores)) as settled
    from paired
)

select facet, cluster_id, topic from matched where settled
