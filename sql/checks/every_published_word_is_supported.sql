-- One row per word of a published name or description that too few users of the cluster wrote and no reviewed list holds. No rows = pass.
with

based as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

said as (
    select facet, cluster_id, unnest(clio_tokens(clio_unreviewed(name, description, provider))) as word
    from hierarchy cross join build_info
    semi join facets on facets.facet = hierarchy.facet and facets.kind <> 'taxonomy'    -- names that the analysis gives
),

asked as materialized (
    select facet, cluster_id, word, clio_word(word) as known from said
),

said_lemmas as materialized (
    select distinct facet, base_cluster_id, known.lemma, known.sensitive, known.name in ('given', 'surname', 'handle') as is_name
    from asked inner join based using (facet, cluster_id)
),

-- of `vocabulary` only the spelling is trusted: each form of a word is looked up again
forms as materialized (
    select word, lemma from vocabulary semi join said_lemmas using (lemma)
),

checked_forms as materialized (
    select word, lemma from forms where clio_word(word).lemma = lemma
),

written as (
    select
        assignments.facet, assignments.cluster_id as base_cluster_id,
        conversation_id, case when independent then assignments.user_id end as user_id, text_number,
        unnest(clio_words(facet_values.value)) as word
    from assignments
    semi join said_lemmas on said_lemmas.facet = assignments.facet and said_lemmas.base_cluster_id = assignments.cluster_id
    inner join facet_values using (conversation_id, facet)
    left join independent_texts using (conversation_id, facet)
),

-- of a script without spaces, a run in a name needs texts that hold just this run
runs as (
    select said_lemmas.facet, base_cluster_id, lemma, assignments.conversation_id, text_number,
        case when independent then assignments.user_id end as user_id
    from said_lemmas
    inner join assignments on assignments.facet = said_lemmas.facet and assignments.cluster_id = said_lemmas.base_cluster_id
    inner join facet_values
        on facet_values.conversation_id = assignments.conversation_id and facet_values.facet = assignments.facet
    left join independent_texts
        on independent_texts.conversation_id = assignments.conversation_id and independent_texts.facet = assignments.facet
    where list_contains(clio_unspaced(lemma), lemma) and contains(lower(facet_values.value), lemma)
),

mentions as (
    select facet, base_cluster_id, lemma, conversation_id, text_number, user_id
    from written inner join checked_forms using (word)
    union
    select facet, base_cluster_id, lemma, conversation_id, text_number, user_id from runs
),

-- one row per word and group of near-identical texts of a few users; one per word for all other texts
groups as (
    select
        facet, base_cluster_id, lemma, text_number,
        count(distinct conversation_id) as conversations,
        list(distinct user_id) filter (user_id is not null) as user_ids,
        list_value(arg_min(user_id, md5(user_id))) as one_user
    from mentions
    group by all
),

-- a group that holds most conversations of a word counts for one user
weighed as (
    select
        groups.*,
        text_number is not null
            and conversations > max_text_share * sum(conversations) over (partition by facet, base_cluster_id, lemma) as is_one_text
    from groups cross join settings
),

counted as (
    select
        facet, base_cluster_id, lemma,
        len(list_distinct(flatten(list(case when is_one_text then one_user else user_ids end)))) as users
    from weighed
    group by all
),

-- what was published before needs no margin
last_names as (
    select facet, unnest(base_cluster_ids) as base_cluster_id, clio_tokens(clio_unreviewed(name, description, 'local')) as words
    from last_hierarchy
),

last_words as materialized (select distinct facet, base_cluster_id, unnest(words) as word from last_names),

last_lemmas as (select distinct facet, base_cluster_id, clio_word(word).lemma as lemma from last_words),

supported as (
    select distinct based.facet, based.cluster_id, said_lemmas.lemma
    from based
    inner join said_lemmas using (facet, base_cluster_id)
    inner join counted using (facet, base_cluster_id, lemma)
    inner join gated_clusters
        on gated_clusters.facet = based.facet and gated_clusters.cluster_id = based.base_cluster_id and gated_clusters.passes
    left join named_words
        on named_words.facet = based.facet and named_words.cluster_id = based.base_cluster_id
        and named_words.lemma = said_lemmas.lemma
    left join last_lemmas
        on last_lemmas.facet = based.facet and last_lemmas.base_cluster_id = based.base_cluster_id
        and last_lemmas.lemma = said_lemmas.lemma
    cross join settings
    cross join margins
    where counted.users
        >= min_users + if(last_lemmas.lemma is not null, 0, clio_margin(
            salt, concat_ws('/', 'word', based.facet, based.base_cluster_id, said_lemmas.lemma), word_margin
        ))
        and (sensitive is null or counted.users >= sensitive_share * gated_clusters.users)
        and (named_words.lemma is null and not coalesce(is_name, false) or counted.users >= min_users_named)
)

select asked.facet, asked.cluster_id
from asked
left join supported
    on supported.facet = asked.facet and supported.cluster_id = asked.cluster_id and supported.lemma = known.lemma
cross join settings
where mode is distinct from 'safety' and (
    word = ''                                             -- a number, an address, a handle: never
    or not known.stop and not known.task and supported.lemma is null
    or known.name in ('given', 'surname', 'handle') and supported.lemma is null
)
union all
select facet, cluster_id from hierarchy cross join settings
where mode is distinct from 'safety' and coalesce(trim(name), '') = ''
