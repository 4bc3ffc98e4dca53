-- One row a named base cluster: whether its name and description give nobody away, and if they might, why.
-- kind: table
-- grain: facet, cluster_id
with

texts as (
    select
        facet, cluster_id, concat(name, '. ', description) as text,
        case when status = 'ok' and coalesce(trim(name), '') = '' then 'malformed' else status end as status
    from cluster_names
),

rated as materialized (
    select facet, cluster_id, clio_audit_raw(text) as answer
    from texts
    where status = 'ok'
),

-- '' is what never passes: a number, an address, a handle
said as (
    select facet, cluster_id, unnest(clio_tokens(text)) as word
    from texts
    where status = 'ok'
),

-- a word that stands in an answer is in the vocabulary; only the others are asked about
known as materialized (
    select said.word, vocabulary.lemma, vocabulary.ordinary, vocabulary.stop
    from (select distinct word from said) as said inner join vocabulary using (word)
    union all
    select word, known.lemma, known.ordinary, known.stop
    from (
        select word, clio_word(word) as known
        from (select distinct word from said) as said anti join vocabulary using (word)
    )
),

-- a content word is supported by enough users of this cluster, or stands in the public word list
unsupported as (
    select said.facet, said.cluster_id, list(said.word order by said.word) as words
    from said
    inner join known using (word)
    left join supported_words
        on supported_words.facet = said.facet
        and supported_words.cluster_id = said.cluster_id
        and supported_words.lemma = known.lemma
    where word = '' or not known.stop and not known.ordinary and supported_words.users is null
    group by all
),

-- what must be supported: by it the next build sees whether the name still holds
needed as (
    select facet, cluster_id, list(distinct known.lemma order by known.lemma) as lemmas
    from said inner join known using (word)
    where not known.stop and not known.ordinary
    group by all
),

judged as (
    select
        texts.facet,
        texts.cluster_id,
        answer.value.rating as rating,
        coalesce(list_filter(unsupported.words, lambda word: word <> ''), []) as unsupported_terms,
        coalesce(needed.lemmas, []) as needed_lemmas,
        case
            when mode = 'safety' then null                 -- for authorised people alone: no gate
            when texts.status <> 'ok' then concat('name_', texts.status)
            when answer.status is distinct from 'ok' or answer.value.rating is null then 'audit_error'
            when min_audit_rating is null or min_users is null then 'missing_setting'
            when answer.value.rating < min_audit_rating then 'audit_failed'
            when unsupported.words is not null then 'unsupported_terms'
        end as reason
    from texts
    left join rated using (facet, cluster_id)
    left join unsupported using (facet, cluster_id)
    left join needed using (facet, cluster_id)
    cross join settings
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    rating::integer as rating,                             -- 1 names a person, 5 nothing identifying
    unsupported_terms::varchar[] as unsupported_terms,     -- words that too few users of the cluster used
    needed_lemmas::varchar[] as needed_lemmas,             -- what enough users of the cluster must use: the rest are ordinary words
    (reason is null)::boolean as passes,
    reason::varchar as reason                              -- NULL where it passes
from judged
