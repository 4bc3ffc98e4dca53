-- One row per cluster that passes the gate and has conversations of which the language is known: which language most of them are in.
-- kind: table
-- grain: facet, cluster_id
-- One user more of a language, or one conversation, should not be seen: users need a margin, and how many of ten conversations are most, six to
-- eight, is drawn from the secret.
with

counted as (
    select assignments.facet, assignments.cluster_id, spoken.value as language, count(*) as conversations, count(distinct user_id) as users
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    inner join facet_values as spoken on spoken.conversation_id = assignments.conversation_id and spoken.facet = 'language'
    where gated_clusters.passes and spoken.value is not null
    group by all
),

shared as (
    select *, conversations / sum(conversations) over (partition by facet, cluster_id) as share, concat_ws('/', 'language', facet, cluster_id, language) as identity
    from counted
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    any_value(language) filter (
        share >= 0.6 + clio_margin(salt, concat(identity, '/share'), 20) / 100
        and users >= min_users + clio_margin(salt, identity, word_margin)
    )::varchar as language                                    -- its English name; NULL: no language has most, or too few users write it
from shared cross join settings cross join margins
group by facet, cluster_id
