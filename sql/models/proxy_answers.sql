-- One row per conversation of the sample and category or score with an answer: what regressions learn from and are tested on.
-- kind: table
-- grain: conversation_id, facet
-- kept: last
with

answered as (
    select
        sample_values.conversation_id, sample_values.facet, sample_values.value as answer,
        segments.user_id, asked_facets.question_hash
    from sample_values
    inner join segments using (conversation_id)
    inner join asked_facets using (facet)
    cross join settings
    where sample_values.value is not null and extract_sample is not null
),

counted as (
    select facet, answer, count(distinct user_id) as users from answered group by facet, answer
)

select
    answered.conversation_id::varchar as conversation_id,
    answered.user_id::varchar as user_id,
    answered.facet::varchar as facet,
    answered.answer::varchar as answer,
    (md5_number_lower(concat(seed, coalesce(answered.user_id, answered.conversation_id))) % 5)::integer as fold,    -- one for all of a user's
    coalesce(counted.users >= min_users, false)::boolean as is_learned,    -- an answer that few users have is tested, not learned
    answered.question_hash::varchar as question_hash
from answered inner join counted using (facet, answer) cross join settings
