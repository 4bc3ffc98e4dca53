-- One row per cluster: the phrase or topic that it can be called by, so that all clusters of a facet are called differently.
-- kind: table
-- grain: facet, cluster_id
-- The best pair of a cluster and a phrase is settled first, then the best of those whose cluster is still without
-- and whose subject, or pair of topics, no other cluster is called by (clio_titled), nor one that means much the same (clio_told_apart).
-- A topic comes before a weak phrase: one that names no subject, reads badly or says little about the cluster. How it reads is only known of
-- English, so of another language more is asked; and where users write in several languages, that it is not the phrase of a few.
with

spoken as (
    select
        gated_clusters.facet, gated_clusters.cluster_id, language,
        cluster_languages.cluster_id is not null and language is null as several
    from gated_clusters left join cluster_languages using (facet, cluster_id)
),

candidates as materialized (
    select
        facet, cluster_id, term, array_to_string(subjects, ' ') as content, content as about,
        case when plain and score >= case when language <> 'English' then 0.5 else 0.3 end and (share >= 0.3 or not several) then 1 else 0.001 end * score as score,
        'found' as source
    from cluster_terms inner join spoken using (facet, cluster_id)
    where score > 0
    union all
    select facet, cluster_id, name, array_to_string(list_sort(string_split(lower(name), ', ')), ', ') as content, content, 0.01 * (1 + above), 'topic' from cluster_topics
),

-- twice, since what comes instead may be like another
once as materialized (from clio_told_apart('candidates')),

told_apart as materialized (from clio_told_apart('once')),

titled as materialized (from clio_titled('told_apart')),

-- a cluster that nothing else can be said of is rather called like another than held back
remaining as materialized (
    select candidates.*
    from candidates
    anti join titled using (facet, cluster_id)
    anti join titled as others on others.facet = candidates.facet and others.content = candidates.content
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    term::varchar as term,
    content::varchar as content,                                       -- what it is about: no other cluster is called by a phrase or topic about the same
    source::varchar as source                                          -- found: a phrase that users wrote; topic: of cluster_topics
from (from titled union all from clio_titled('remaining'))
