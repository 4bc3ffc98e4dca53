-- One row per cluster and word that is part of a person's name there: it needs min_users_named users to be published.
-- kind: table
-- grain: facet, cluster_id, lemma
-- by: facet, cluster_id
-- A given name, a surname and a handle always are, whatever their case. A word that is also something else, or that is in
-- no dictionary, is one if a quarter of those who wrote it wrote it next to a name, or capitalised next to a capitalised word.
with

written as (
    select assignments.facet, assignments.cluster_id, assignments.user_id, conversation_id, clio_spelled(facet_values.value) as words
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    inner join facet_values using (conversation_id, facet)
    where gated_clusters.passes
),

placed as (
    select * exclude (words), unnest(words) as spelled, unnest(generate_series(1, len(words))) as place
    from written
),

parts as (
    select
        placed.*, vocabulary.lemma, vocabulary.name,
        regexp_full_match(spelled, '\p{Lu}[\p{Ll}\p{M}].*') as capital      -- 'ROSE HILL' says nothing
    from placed inner join vocabulary on vocabulary.word = lower(placed.spelled)
    where vocabulary.name is not null
),

pairs as (
    select
        first.facet, first.cluster_id, first.user_id,
        first.lemma as first_lemma, first.name as first_name,
        second.lemma as second_lemma, second.name as second_name,
        first.capital and second.capital as capitals
    from parts as first
    inner join parts as second
        on second.facet = first.facet and second.conversation_id = first.conversation_id and second.place = first.place + 1
),

beside as (
    select facet, cluster_id, user_id, first_lemma as lemma
    from pairs
    where first_name in ('unknown', 'either')
        and (second_name in ('given', 'surname') or capitals and second_name in ('unknown', 'either'))
    union all
    select facet, cluster_id, user_id, second_lemma
    from pairs
    where second_name in ('unknown', 'either')
        and (
            first_name in ('given', 'surname') or first_name = 'title' and (capitals or second_name = 'unknown')
            or capitals and first_name in ('unknown', 'either')
        )
),

named as (
    select facet, cluster_id, lemma, count(distinct user_id) as users
    from beside
    group by all
),

counted as (
    select facet, cluster_id, lemma, bool_or(name in ('given', 'surname', 'handle')) as certain, count(distinct user_id) as users
    from parts
    group by all
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    lemma::varchar as lemma
from counted left join named using (facet, cluster_id, lemma)
where certain or named.users >= 0.25 * counted.users
