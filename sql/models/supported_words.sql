-- One row per cluster and lemma that enough distinct users of that cluster wrote: what its name may say.
-- kind: table
-- grain: facet, cluster_id, lemma
-- by: facet, cluster_id
-- Chinese and Japanese have no spaces, and parts of a name look like words there: a run of them in a phrase is a lemma of its
-- own, which needs users who wrote just this run.
with

used as (
    select
        assignments.facet,
        assignments.cluster_id,
        conversation_id,
        case when independent then assignments.user_id end as user_id,    -- who counts towards thresholds
        text_number,
        facet_values.value as text
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    inner join facet_values using (conversation_id, facet)
    left join independent_texts using (conversation_id, facet)
    where gated_clusters.passes
),

runs as (
    select distinct facet, cluster_id, unnest(clio_unspaced(clio_phrase(words))) as run
    from phrases cross join settings
    where mode = 'safety' or users >= min_users and not exists (
        from named_words                                                  -- the name of a person never counts as part of a run
        where named_words.facet = phrases.facet and named_words.cluster_id = phrases.cluster_id
            and contains(clio_phrase(phrases.words), named_words.lemma)
    )
),

said as (
    select distinct facet, cluster_id, lemma, conversation_id, user_id, text_number, sensitive
    from (select *, unnest(clio_words(text)) as word from used) inner join vocabulary using (word)
    union
    select facet, cluster_id, run, conversation_id, user_id, text_number, null
    from used inner join runs using (facet, cluster_id)
    where contains(lower(text), run)
),

-- near-identical texts of a few users that hold most conversations of a word count for one of their users
voiced as (
    select
        said.*,
        case
            when text_number is not null
                and count(*) over (partition by facet, cluster_id, lemma, text_number)
                    > max_text_share * count(*) over (partition by facet, cluster_id, lemma)
                then arg_min(user_id, md5(user_id)) over (partition by facet, cluster_id, lemma, text_number)
            else user_id
        end as counted_user_id
    from said cross join settings
),

counted as (
    select facet, cluster_id, lemma, any_value(sensitive) as sensitive, count(distinct counted_user_id) as users
    from voiced
    group by facet, cluster_id, lemma
),

-- what was published stays while it has the users without a margin: the words of the last names, of parents too
last_names as (
    select facet, unnest(base_cluster_ids) as cluster_id, clio_tokens(clio_unreviewed(name, description, 'local')) as words from last_hierarchy
),

last_words as (select facet, cluster_id, unnest(words) as word from last_names),

published_before as (
    select distinct facet, cluster_id, coalesce(lemma, word) as lemma from last_words left join vocabulary using (word)
),

judged as (
    select
        counted.*,
        mode,
        case
            when named_words.lemma is not null and min_users_named is null then null
            when named_words.lemma is not null then greatest(min_users, min_users_named)
            when sensitive is null or ceil(sensitive_share * gated_clusters.users) <= min_users then min_users
            else ceil(sensitive_share * gated_clusters.users)
        end + case
            when published_before.lemma is not null then 0
            else clio_margin(salt, concat_ws('/', 'word', facet, cluster_id, lemma), word_margin)
        end as needed_users
    from counted
    inner join gated_clusters using (facet, cluster_id)
    left join named_words using (facet, cluster_id, lemma)
    left join published_before using (facet, cluster_id, lemma)
    cross join settings
    cross join margins
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    lemma::varchar as lemma,
    users::integer as users,
    needed_users::integer as needed_users      -- min_users; of a sensitive word a share of all; of a name min_users_named; plus its margin
from judged
where users >= needed_users
    or mode = 'safety'                         -- for authorised people only: no gate
