-- clio_tree_evidence(families, base_clusters, cluster_terms, sampled_texts, supported_words, settings): what may be said
-- of each parent. One row per parent with members: facet, cluster_id; members: answers in proportion to the size of their
-- base cluster; terms and phrases: what enough users of one of its base clusters wrote, the most telling first, phrases
-- with their share in tenths; taken: terms that fit a sibling better; lemmas: words that enough users of one wrote.
create or replace macro clio_tree_evidence(
    families, base_clusters, cluster_terms, sampled_texts, supported_words, settings
) as table
with

kin as materialized (
    select facet, cluster_id, conversations as family_size, unnest(base_cluster_ids) as base_cluster_id
    from query_table(families)
),

written as materialized (
    select
        kin.facet, kin.cluster_id, family_size, term,
        sum(bases.share * sizes.conversations) as conversations,
        any_value(lemmas) as lemmas,
        max(plain) as plain,
        max(heading) as heading
    from kin
    inner join query_table(cluster_terms) as bases
        on bases.facet = kin.facet and bases.cluster_id = kin.base_cluster_id
    inner join query_table(base_clusters) as sizes
        on sizes.facet = kin.facet and sizes.cluster_id = kin.base_cluster_id
    group by all
),

facet_sizes as (select facet, sum(conversations) as everything from query_table(families) group by facet),

scored as materialized (
    select
        facet, cluster_id, term,
        conversations / family_size as share,
        (sum(conversations) over (partition by facet, term) - conversations + 0.5)
            / (everything - family_size + 1.0) as share_outside,
        clio_term_score(share, share_outside, len(lemmas), plain, heading) as score
    from written
    inner join facet_sizes using (facet)
),

owned as (
    select *, arg_max(cluster_id, score) over (partition by facet, term) = cluster_id as own
    from scored
    where score > 0
),

terms as materialized (
    select
        facet, cluster_id,
        list(term order by score desc, term)[:100] as terms,
        list(concat(term, ' (', greatest(1, round(10 * share))::integer, '0%)') order by score desc, term)[:100] as phrases,
        coalesce(list(term order by score desc, term) filter (not own), []) as taken
    from owned
    group by facet, cluster_id
),

-- at most a few texts of one user, as for base clusters
texts as (
    select kin.facet, kin.cluster_id, texts.value, texts.conversation_id, seed
    from kin
    inner join query_table(sampled_texts) as texts
        on texts.facet = kin.facet and texts.cluster_id = kin.base_cluster_id and texts.relation = 'member'
    inner join query_table(base_clusters) as sizes
        on sizes.facet = kin.facet and sizes.cluster_id = kin.base_cluster_id
    cross join query_table(settings)
    where position <= ceil(sample_texts * sizes.conversations / family_size)
    qualify row_number() over (
        partition by kin.facet, kin.cluster_id, coalesce(texts.user_id, '')
        order by md5(concat(seed, texts.conversation_id))
    ) <= max_texts_per_user
),

members as materialized (
    select facet, cluster_id, list(value order by md5(concat(seed, conversation_id))) as members
    from texts
    group by facet, cluster_id
),

supported as materialized (
    select kin.facet, kin.cluster_id, list(distinct lemma) as lemmas
    from kin
    inner join (
        select facet, cluster_id, lemma from query_table(supported_words)
        union all
        select facet, cluster_id, unnest(clio_unspaced(term)) from query_table(cluster_terms)
    ) as words on words.facet = kin.facet and words.cluster_id = kin.base_cluster_id
    group by kin.facet, kin.cluster_id
)

select facet, cluster_id, members, terms, phrases, taken, lemmas
from members
left join terms using (facet, cluster_id)
left join supported using (facet, cluster_id)
