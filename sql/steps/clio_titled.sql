-- clio_titled(candidates): which phrase or topic each cluster of a facet can be called by, so that no two are about the same. One row per
-- cluster that has one: facet, cluster_id, term, source, content, about. The best pair of a cluster and a phrase is settled first, then the best of
-- those whose cluster is still without and whose `about` no other cluster has. Candidates: facet, cluster_id, term, source, content, about, score.
create or replace macro clio_titled(candidates) as table
with

paired as (
    select
        facet,
        list(cluster_id order by cluster_id, term) as cluster_ids,
        list(struct_pack(term, source, content, about) order by cluster_id, term) as titles,
        list(about order by cluster_id, term) as abouts,
        list(score order by cluster_id, term) as scores
    from query_table(candidates)
    group by facet
),

matched as (
    select
        facet,
        unnest(cluster_ids) as cluster_id,
        unnest(titles) as title,
        unnest(clio_match(cluster_ids, abouts, scores)) as settled
    from paired
)

select facet, cluster_id, title.term, title.source, title.content, title.about from matched where settled
