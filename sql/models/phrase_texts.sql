-- One row per conversation that is looked through for phrases: the words of its answer, in order. Private.
-- kind: table
-- grain: facet, conversation_id
-- by: facet, cluster_id
with

looked_at as (
    select
        facet, cluster_id, conversation_id,
        case when independent then user_id end as user_id
    from assignments
    inner join gated_clusters using (facet, cluster_id)
    inner join facets using (facet)
    left join independent_texts using (conversation_id, facet)
    cross join settings
    where gated_clusters.passes and facets.kind = 'text'                                -- a taxonomy has its names
    qualify row_number() over (partition by facet, cluster_id order by md5(concat(seed, conversation_id))) <= term_conversations
),

written as (
    select looked_at.*, clio_words(facet_values.value) as words
    from looked_at inner join facet_values using (conversation_id, facet)
),

placed as (
    select * exclude (words), unnest(words) as word, unnest(generate_series(1, len(words))) as place
    from written
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    conversation_id::varchar as conversation_id,
    any_value(user_id)::varchar as user_id,                                             -- who counts towards thresholds; else NULL
    list(word order by place)::varchar[] as words,                                      -- '' for anything that is not a word
    list(case when not stop then lemma end order by place)::varchar[] as lemmas,        -- of the content words; else NULL
    list(coalesce(not stop and not vague, false) order by place)::boolean[] as telling,  -- whether each says something about a subject
    list(part order by place)::varchar[] as parts                                       -- parts of speech, see clio_word
from placed left join vocabulary using (word)
group by facet, cluster_id, conversation_id
