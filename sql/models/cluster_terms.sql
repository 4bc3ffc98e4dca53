-- One row per cluster and phrase of one to six words that enough distinct users of it wrote: what it may be named with.
-- kind: table
-- grain: facet, cluster_id, term
-- Which phrase comes first, and how many users are said to use it, depends on blurred numbers of users (see clio_blurred):
-- one user more moves a phrase once in term_band times, so the order does not say which phrase a certain user wrote.
with

looked_at as (
    select
        facet, cluster_id, conversation_id,
        case when independent then user_id end as user_id             -- who counts towards thresholds
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    left join independent_texts using (conversation_id, facet)
    cross join settings
    where gated_clusters.passes
    qualify row_number() over (partition by facet, cluster_id order by md5(concat(seed, conversation_id))) <= term_conversations
),

written as (
    select looked_at.*, clio_words(facet_values.value) as words
    from looked_at inner join facet_values using (conversation_id, facet)
),

starts as (select *, unnest(generate_series(1, len(words))) as first_word from written),

spans as (select *, unnest(generate_series(1, 6)) as length from starts),

phrases as (
    select distinct facet, cluster_id, user_id, words[first_word:first_word + length - 1] as words
    from spans
    where first_word + length - 1 <= len(words)
),

counted as (
    select facet, cluster_id, words, count(distinct user_id) as users
    from phrases
    where not list_contains(words, '')                            -- '' stands for anything that is not a word: it ends a phrase
    group by all
),

identified as (
    select *, concat_ws('/', 'phrase', facet, cluster_id, array_to_string(words, ' ')) as identity from counted
),

supported as (
    select identified.*, clio_blurred(salt, identity, users, term_band) as blurred_users
    from identified cross join settings cross join margins
    where users >= min_users and users >= min_users + clio_margin(salt, identity, word_margin)
        or mode = 'safety'                                        -- for authorised people only: no gate
),

-- a sensitive word and a name need more users than the phrase does
unsaid as (
    select distinct facet, cluster_id, words
    from (select *, unnest(words) as word from supported) inner join vocabulary using (word)
    anti join supported_words using (facet, cluster_id, lemma)
    where not stop and not task
),

-- a name neither begins nor ends with a function word; one that only says 'interesting things' is the last resort
spelled as (
    select words, unnest(words) as word, unnest(generate_series(1, len(words))) as place
    from (select distinct words from supported)
),

shaped as (
    select
        spelled.words,
        count(*) filter (not stop) as content_words,
        count(*) filter (not stop and not vague) as telling_words,
        bool_or(stop) filter (place = 1 or place = len(words)) as ragged,
        bool_or(vague) filter (place = len(words)) as trails_off
    from spelled inner join vocabulary using (word)
    group by spelled.words
),

sizes as (
    select facet, cluster_id, count(distinct user_id) as size from looked_at group by all
),

totals as (
    select facet, words, sum(blurred_users) as blurred_users from supported group by all
),

scored as (
    select
        supported.facet, supported.cluster_id,
        array_to_string(supported.words, ' ') as term, supported.users, supported.blurred_users,
        least(supported.blurred_users / sizes.size, 1) as share,
        shaped.content_words, shaped.telling_words > 0 and not shaped.trails_off as telling,
        totals.blurred_users as total_users, sizes.size
    from supported
    inner join shaped using (words)
    inner join sizes using (facet, cluster_id)
    inner join totals using (facet, words)
    anti join unsaid using (facet, cluster_id, words)
    where not shaped.ragged and not clio_identifies(array_to_string(supported.words, ' '))
        and (shaped.telling_words > 0 and not shaped.trails_off or len(supported.words) >= 3 and shaped.telling_words = 0)
),

everything as (
    select facet, sum(size) as size from sizes group by all
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    term::varchar as term,
    users::integer as users,                                           -- at least min_users
    share::double as share,                                            -- of the users who were looked at, rounded; 0 to 1
    content_words::integer as content_words,
    telling::boolean as telling,
    clio_term_score(
        share,
        (total_users - blurred_users + 0.5) / (everything.size - scored.size + 1.0),     -- half stands for none seen
        content_words, telling
    )::double as score                                                 -- the higher, the more the phrase belongs to this cluster
from scored inner join everything using (facet)
