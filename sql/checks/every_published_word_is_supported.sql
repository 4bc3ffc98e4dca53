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

known as (
    select said.word, vocabulary.lemma, vocabulary.ordinary, vocabulary.stop
    from (select distinct word from said) as said inner join vocabulary using (word)
    union all
    select word, known.lemma, known.ordinary, known.stop
    from (
        select word, clio_word(word) as known
        from (select distinct word from said) as said anti join vocabulary using (word)
    )
)

select said.facet, said.cluster_id
from said
inner join known using (word)
left join supported on supported.facet = said.facet and supported.cluster_id = said.cluster_id and supported.lemma = known.lemma
cross join settings
where mode is distinct from 'safety' and (
    said.word = ''                                        -- a number, an address, a handle: never
    or not known.stop and not known.ordinary and supported.lemma is null
)
union all
select facet, cluster_id from hierarchy cross join settings
where mode is distinct from 'safety' and coalesce(trim(name), '') = ''
