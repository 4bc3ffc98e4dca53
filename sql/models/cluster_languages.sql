-- One row per cluster that passes the gate and has conversations of which the language is known: which language most of them are in.
-- kind: table
-- grain: facet, cluster_id
-- kept: last
-- One user more of a language, or one conversation, should not be seen: users need a margin, and how many of ten conversations and users are
-- most, six to eight, is drawn from the secret. A language that was said stays while min_users users and more than half write it.
with

spoken as (
    select
        assignments.facet, assignments.cluster_id, facet_values.value as language,
        case when independent then assignments.user_id end as user_id                     -- who counts towards thresholds
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    left join independent_texts using (conversation_id, facet)
    left join facet_values on facet_values.conversation_id = assignments.conversation_id and facet_values.facet = 'language'
    where gated_clusters.passes
),

sizes as (
    select facet, cluster_id, count(*) as conversations, count(distinct user_id) as users
    from spoken
    group by all
),

counted as (
    select facet, cluster_id, language, count(*) as conversations, count(distinct user_id) as users
    from spoken
    where language is not null
    group by all
),

said_before as (
    select cluster_ids.facet, cluster_ids.cluster_id, last_cluster_languages.language
    from cluster_ids
    inner join last_cluster_languages
        on last_cluster_languages.facet = cluster_ids.facet and last_cluster_languages.cluster_id = cluster_ids.last_cluster_id
    where last_cluster_languages.language is not null
),

shared as (
    select
        counted.*,
        least(counted.conversations / sizes.conversations, counted.users / sizes.users) as share,
        said_before.language is not null as stays,
        concat_ws('/', 'language', counted.facet, counted.cluster_id, counted.language) as identity
    from counted
    inner join sizes using (facet, cluster_id)
    left join said_before using (facet, cluster_id, language)
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    any_value(language) filter (
        share > 0.5 and share >= if(stays, 0, 0.6 + clio_margin(salt, concat(identity, '/share'), 20) / 100)
        and users >= min_users + if(stays, 0, clio_margin(salt, identity, word_margin))
    )::varchar as language                                    -- its English name; NULL: no language has most, or too few users write it
from shared cross join settings cross join margins
group by facet, cluster_id
