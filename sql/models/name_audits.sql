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

-- every run of letters, also one that clio_words calls no word, such as the two of 'first_last'
said as (
    select distinct facet, cluster_id, unnest(
        regexp_extract_all(lower(replace(text, '’', '''')), '[\p{L}\p{M}]+([''-][\p{L}\p{M}]+)*')
    ) as word
    from texts
    where status = 'ok'
),

known as materialized (
    select word, clio_word(word) as known
    from (select distinct word from said)
),

-- a content word is supported by enough users of this cluster, or stands in the public word list
unsupported as (
    select said.facet, said.cluster_id, list(said.word order by said.word) as words
    from said
    inner join known using (word)
    left join supported_words
        on supported_words.facet = said.facet
        and supported_words.cluster_id = said.cluster_id
        and supported_words.lemma = known.known.lemma
    where not known.known.stop and not known.known.ordinary and supported_words.users is null
    group by all
),

-- what is no word can be no supported word: a number, an address, a script that is not split by spaces
not_words as (
    select facet, cluster_id
    from texts
    where regexp_matches(text, '[0-9@#]|\p{N}|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
),

judged as (
    select
        texts.facet,
        texts.cluster_id,
        answer.value.rating as rating,
        coalesce(unsupported.words, []) as unsupported_terms,
        case
            when mode = 'safety' then null                 -- for authorised people alone: no gate
            when texts.status <> 'ok' then concat('name_', texts.status)
            when answer.status is distinct from 'ok' or answer.value.rating is null then 'audit_error'
            when min_audit_rating is null or min_users is null then 'missing_setting'
            when answer.value.rating < min_audit_rating then 'audit_failed'
            when unsupported.words is not null or not_words.cluster_id is not null then 'unsupported_terms'
        end as reason
    from texts
    left join rated using (facet, cluster_id)
    left join unsupported using (facet, cluster_id)
    left join not_words using (facet, cluster_id)
    cross join settings
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    rating::integer as rating,                             -- 1 names a person, 5 nothing identifying
    unsupported_terms::varchar[] as unsupported_terms,     -- words that too few users of the cluster used
    (reason is null)::boolean as passes,
    reason::varchar as reason                              -- NULL where it passes
from judged
