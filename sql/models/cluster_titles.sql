-- One row per cluster: the phrase or topic that it can be called by, so that all clusters of a facet are called differently.
-- kind: table
-- grain: facet, cluster_id
-- The best pair of a cluster and a phrase is settled first, then the best of those whose cluster and words are still free.
-- A topic is the last resort: for a cluster whose users share no phrase that no other cluster is called by.
with

candidates as (
    select facet, cluster_id, term, array_to_string(lemmas, ' ') as content, score, 'found' as source
    from cluster_terms
    where score > 0
    union all
    select facet, cluster_id, name, lower(name), 0.001 * (1 + above), 'topic' from cluster_topics
),

paired as (
    select
        facet,
        list(cluster_id order by cluster_id, term) as cluster_ids,
        list(term order by cluster_id, term) as terms,
        list(source order by cluster_id, term) as sources,
        list(content order by cluster_id, term) as contents,
        list(score order by cluster_id, term) as scores
    from candidates
    group by facet
),

matched as (
    select
        facet,
        unnest(cluster_ids) as cluster_id,
        unnest(terms) as term,
        unnest(sources) as source,
        unnest(clio_match(cluster_ids, contents, scores)) as settled
    from paired
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    term::varchar as term,
    source::varchar as source                                          -- found: a phrase that users wrote; topic: of cluster_topics
from matched
where settled
