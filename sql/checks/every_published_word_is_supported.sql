-- One row a word of a published name or description that too few users of the cluster used and no reviewed list holds. No rows = pass.
with

based as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

-- of a sensitive word it takes a share of a base cluster's users
supported as (
    select based.facet, based.cluster_id, supported_words.lemma, max(supported_words.users) as users
    from based
    inner join supported_words
        on supported_words.facet = based.facet and supported_words.cluster_id = based.base_cluster_id
    inner join gated_clusters
        on gated_clusters.facet = based.facet and gated_clusters.cluster_id = based.base_cluster_id
    left join named_words
        on named_words.facet = based.facet and named_words.cluster_id = based.base_cluster_id
        and named_words.lemma = supported_words.lemma
    cross join settings
    where supported_words.users >= min_users
        and (clio_word(supported_words.lemma).sensitive is null or supported_words.users >= sensitive_share * gated_clusters.users)
        and (named_words.lemma is null or supported_words.users >= min_users_named)
    group by all
),

said as (
    select facet, cluster_id, unnest(clio_tokens(concat(name, '. ', description))) as word
    from hierarchy
),

-- nothing of `vocabulary` is believed: each word is asked about again
asked as (
    select facet, cluster_id, word, clio_word(word) as known from said
)

select asked.facet, asked.cluster_id
from asked
left join supported
    on supported.facet = asked.facet and supported.cluster_id = asked.cluster_id and supported.lemma = known.lemma
cross join settings
where mode is distinct from 'safety' and (
    word = ''                                             -- a number, an address, a handle: never
    or not known.stop and not known.task and supported.lemma is null
    or known.name in ('given', 'surname', 'handle') and coalesce(supported.users, 0) < min_users_named
)
union all
select facet, cluster_id from hierarchy cross join settings
where mode is distinct from 'safety' and coalesce(trim(name), '') = ''
