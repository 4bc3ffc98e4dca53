-- One row a word of a published name or description that too few users of the cluster used and no public list holds. No rows = pass.
with

based as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

supported as (
    select distinct based.facet, based.cluster_id, supported_words.lemma
    from based
    inner join supported_words
        on supported_words.facet = based.facet and supported_words.cluster_id = based.base_cluster_id
),

said as (
    select facet, cluster_id, unnest(clio_tokens(concat(name, '. ', description))) as word
    from hierarchy
),

-- of the vocabulary only the lemma is believed: a word that it does not support is asked about again
asked as (
    select said.facet, said.cluster_id, said.word, clio_word(said.word) as known
    from said
    left join vocabulary using (word)
    left join supported
        on supported.facet = said.facet and supported.cluster_id = said.cluster_id and supported.lemma = vocabulary.lemma
    where said.word = '' or supported.lemma is null
)

select asked.facet, asked.cluster_id
from asked
left join supported
    on supported.facet = asked.facet and supported.cluster_id = asked.cluster_id and supported.lemma = known.lemma
cross join settings
where mode is distinct from 'safety' and (
    word = ''                                             -- a number, an address, a handle: never
    or not known.stop and not known.ordinary and supported.lemma is null
)
union all
select facet, cluster_id from hierarchy cross join settings
where mode is distinct from 'safety' and coalesce(trim(name), '') = ''
