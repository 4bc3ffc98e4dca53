-- One row per conversation of a base cluster: whether its user counts towards thresholds because of it.
-- kind: table
-- grain: conversation_id, facet
-- by: facet, cluster_id
-- incremental: key=roster, changed=members, input=rosters, part=64
--
-- Someone with many accounts may send one text over and over. So near-identical texts that fewer than twice min_users
-- users (and a margin) wrote count for one of their users, if they are more than max_text_share of the cluster. If
-- more users wrote them it is a common request, and each of them counts. Two texts are near-identical when they differ
-- only in digits and punctuation, or when the cosine of their embeddings is at least near_identical. Towards a word they
-- count for one user if they are more than max_text_share of the conversations with that word, see supported_words: a
-- few accounts that repeat one text do not support its words, however large the cluster is.
with

written as (
    select
        rosters.roster, assignments.facet, assignments.conversation_id, assignments.user_id, embeddings.embedding,
        coalesce(
            nullif(trim(regexp_replace(lower(facet_values.value), '[^\p{L}]+', ' ', 'g')), ''),
            facet_values.value                                          -- a text without any letter is compared as it is
        ) as wording
    from rosters
    inner join assignments using (facet, cluster_id)
    inner join embeddings using (conversation_id, facet)
    inner join facet_values using (conversation_id, facet)
),

wordings as (
    select roster, wording, arg_min(embedding, conversation_id) as embedding
    from written
    group by all
),

alike as (
    select
        roster,
        unnest(list(wording order by md5(wording))) as wording,
        unnest(clio_alike(list(embedding order by md5(wording)), any_value(near_identical))) as number
    from wordings cross join settings
    group by roster
),

numbered as materialized (
    select written.* exclude (embedding, wording), alike.number
    from written inner join alike using (roster, wording)
),

-- the user that near-identical texts count for: always the same one
repeated as (
    select
        roster, number, any_value(facet) as facet,
        count(distinct user_id) as users,
        count(*) as conversations,
        arg_min(user_id, md5(user_id)) as counted_user_id
    from numbered
    group by roster, number
),

judged as (
    select
        repeated.*,
        users >= 2 * min_users + clio_margin(margins.salt, concat_ws('/', 'texts', roster, counted_user_id), word_margin) as is_common,
        conversations <= max_text_share * sum(conversations) over (partition by roster) as is_small_part,
        mode = 'safety' as counts_all                                   -- for authorised people only: no gate
    from repeated cross join settings cross join margins
)

select
    numbered.conversation_id::varchar as conversation_id,
    numbered.facet::varchar as facet,
    numbered.roster::varchar as roster,                                 -- of its base cluster
    coalesce(
        counts_all or is_common or is_small_part or numbered.user_id = counted_user_id,
        false                                                           -- fail closed
    )::boolean as independent,
    case when not counts_all and not coalesce(is_common, false) then numbered.number end::integer as text_number
                                                                        -- group of near-identical texts of a few users; else NULL
from numbered inner join judged using (roster, number)
