-- One row per cluster: the phrase that it can be called by, so that all clusters of a facet are called differently.
-- kind: table
-- grain: facet, cluster_id
-- The best pair of a cluster and a phrase is settled first, then the best of those whose cluster and words are still free.
with

paired as (
    select
        facet,
        list(cluster_id order by cluster_id, term) as cluster_ids,
        list(term order by cluster_id, term) as terms,
        list(array_to_string(lemmas, ' ') order by cluster_id, term) as contents,
        list(score order by cluster_id, term) as scores
    from cluster_terms
    where score > 0
    group by facet
),

matched as (
    select
        facet,
        unnest(cluster_ids) as cluster_id,
        unnest(terms) as term,
        unnest(clio_match(cluster_ids, contents, scores)) as settled
    from paired
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    term::varchar as term
from matched
where settled
