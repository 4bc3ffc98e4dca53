-- One row per cluster and set of content words that enough distinct users of it wrote together: the phrase that says it best.
-- kind: table
-- grain: facet, cluster_id, term
-- The content words of a phrase stand together, in any order, in texts of at least min_users users and a margin; its order,
-- endings and function words are those of at least two (see phrases). Which phrase comes first depends on blurred numbers of
-- users (see clio_blurred): one user more moves a phrase once in term_band times.
with

wanted as (
    select distinct facet, cluster_id, lemmas from phrases where len(lemmas) between 1 and 5
),

-- numbers take less memory than ids, and than lists of words below
texts as materialized (
    select row_number() over () as text, facet, conversation_id, user_id from phrase_texts
),

mentions as (
    select distinct facet, cluster_id, text, lemma
    from (select facet, cluster_id, conversation_id, unnest(lemmas) as lemma from phrase_texts)
    inner join texts using (facet, conversation_id)
),

-- a sensitive word and a name need more users than the phrase does
sayable as (
    select facet, cluster_id, lemma from supported_words
    union
    select facet, cluster_id, lemma from mentions inner join vocabulary using (lemma) where task
),

possible as materialized (
    select row_number() over () as phrase, facet, cluster_id, lemmas
    from (select *, unnest(lemmas) as lemma from wanted) inner join sayable using (facet, cluster_id, lemma)
    group by facet, cluster_id, lemmas
    having count(*) = len(lemmas)
),

together as (
    select phrase, text
    from (select *, unnest(lemmas) as lemma from possible) inner join mentions using (facet, cluster_id, lemma)
    group by phrase, text
    having count(*) = any_value(len(lemmas))
),

counted as (
    select
        facet, cluster_id, lemmas, users,
        concat_ws('/', case when len(lemmas) = 1 then 'word' else 'phrase' end, facet, cluster_id, array_to_string(lemmas, ' ')) as identity
    from (select phrase, count(distinct user_id) as users from together inner join texts using (text) group by phrase)
    inner join possible using (phrase)
),

supported as (
    select counted.*, clio_blurred(salt, identity, users, term_band) as blurred_users
    from counted cross join settings cross join margins
    where users >= min_users and users >= min_users + clio_margin(salt, identity, word_margin)
        or mode = 'safety'                                        -- for authorised people only: no gate
),

runs as (
    select facet, cluster_id, list(lemma) as runs from supported_words where len(clio_unspaced(lemma)) > 0 group by all
),

-- without spaces between words, parts of a name look like words, so there enough users wrote each run as it stands
spelled as (
    select facet, cluster_id, lemmas, subjects, clio_phrase(words) as term, heading, plain
    from phrases left join runs using (facet, cluster_id) cross join settings
    where heading > 0
        and (not list_contains(subjects, 'not') or users >= min_users or mode = 'safety')    -- what two of them deny is not what the others say
        and not clio_identifies(clio_phrase(words))
        and list_has_all(coalesce(runs, []), clio_unspaced(clio_phrase(words)))
    qualify row_number() over (partition by facet, cluster_id, lemmas order by plain desc, heading * sqrt(users / (users + 4)) desc, words) = 1
),

sizes as (
    select facet, cluster_id, count(distinct user_id) as size from phrase_texts group by all
),

totals as (
    select facet, lemmas, sum(blurred_users) as blurred_users from supported group by all
),

everything as (
    select facet, sum(size) as size from sizes group by all
),

scored as (
    select
        supported.facet, supported.cluster_id, term, supported.users, supported.lemmas, subjects, plain, heading,
        least(supported.blurred_users / sizes.size, 1) as share,
        (totals.blurred_users - supported.blurred_users + 0.5) / (everything.size - sizes.size + 1.0) as share_outside,     -- half stands for none seen
        clio_term_score(share, share_outside, len(supported.lemmas), plain, heading) as fit
    from supported
    inner join spelled using (facet, cluster_id, lemmas)
    inner join sizes using (facet, cluster_id)
    inner join totals using (facet, lemmas)
    inner join everything using (facet)
),

-- the best of them are compared by meaning: a phrase near all others says what the cluster is about
best as materialized (
    select
        facet, cluster_id, term,
        sqrt(share) * pow(greatest(ln(share / share_outside), 0.05) * len(lemmas), 1.5) as weight,
        clio_embed(term) as embedding
    from scored
    where plain
    qualify row_number() over (partition by facet, cluster_id order by fit desc, term) <= 10
),

near as (
    select best.facet, best.cluster_id, best.term, any_value(best.weight) as weight,
        sum(others.weight * array_inner_product(best.embedding, others.embedding)) as sum_near
    from best inner join best as others using (facet, cluster_id)
    group by best.facet, best.cluster_id, best.term
),

-- the cosine to the weighted mean of all
meant as (
    select facet, cluster_id, term, sum_near / sqrt(sum(weight * sum_near) over (partition by facet, cluster_id)) as near
    from near
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    term::varchar as term,
    users::integer as users,                                           -- at least min_users wrote its content words together
    share::double as share,                                            -- of the users who were looked at, rounded; 0 to 1
    lemmas::varchar[] as lemmas,                                       -- its content words
    subjects::varchar[] as subjects,                                   -- what it is about: two phrases with the same are much the same, see phrases
    plain::boolean as plain,                                           -- names a subject, and last
    heading::double as heading,                                        -- how well it reads as one, see phrases
    -- rounded, so that the order in which numbers are added up decides nothing
    round(fit * pow(greatest(coalesce(near, 0), 0.05), 2), 9)::double as score       -- the higher, the better it names this cluster
from scored left join meant using (facet, cluster_id, term)
