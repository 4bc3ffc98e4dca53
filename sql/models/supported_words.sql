-- One row a cluster and lemma that enough distinct users of that cluster used.
-- kind: table
-- grain: facet, cluster_id, lemma
with

used as (
    select
        assignments.facet,
        assignments.cluster_id,
        assignments.user_id,
        unnest(clio_words(facet_values.value)) as word
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    inner join facet_values using (conversation_id, facet)
    where gated_clusters.passes
)

select
    used.facet::varchar as facet,
    used.cluster_id::varchar as cluster_id,
    vocabulary.lemma::varchar as lemma,
    count(distinct used.user_id)::integer as users
from used
inner join vocabulary using (word)
cross join settings
group by used.facet, used.cluster_id, vocabulary.lemma, settings.min_users, settings.mode
having count(distinct used.user_id) >= settings.min_users
    or settings.mode = 'safety'      -- for authorised people alone: no gate
