-- One row per category or score that is asked about a sample: the regression that learned its answers, and whether it answers for the rest.
-- kind: table
-- grain: facet
-- kept: last
--
-- Agreement is published, so it is measured again only once the sample has grown or shrunk by `refit_growth`, and by
-- `min_users` users: the difference of two published figures is then of many. A facet that the model answers stays with it.
with

counted as (
    select facet, count(*) as answers, count(distinct user_id) as users from proxy_answers group by facet
),

due as materialized (
    select
        asked_facets.facet, asked_facets.question_hash,
        coalesce(counted.answers, 0) as answers, coalesce(counted.users, 0) as users,
        last.facet is null or coalesce(
            abs(counted.answers - last.answers) >= refit_growth * last.answers
            and abs(counted.users - last.users) >= min_users, true
        ) as is_due
    from asked_facets
    cross join settings
    cross join build_info
    left join counted using (facet)
    left join last_proxies as last
        on last.facet = asked_facets.facet and last.question_hash = asked_facets.question_hash
            and last.embedding_model = build_info.embedding_model
    where asked_facets.asked = 'sample' and extract_sample is not null
),

-- five that each hold out a fifth of the users, and one that learned from all
learned as materialized (
    select
        facet, held_out,
        clio_learn(list(embedding order by conversation_id), list(answer order by conversation_id)) as learned
    from proxy_answers
    inner join proxy_vectors using (conversation_id)
    inner join due using (facet)
    cross join (select unnest(range(6)) as held_out)
    where is_due and is_learned and fold <> held_out
    group by facet, held_out
    having count(distinct answer) > 1
),

tested as (
    select
        proxy_answers.facet, proxy_answers.answer,
        -- doubtful, or not learned at all: not agreed
        coalesce(clio_sure(clio_predict(embedding, learned)) = proxy_answers.answer, false) as agreed,
        count(*) over (partition by proxy_answers.facet, proxy_answers.answer) as same
    from proxy_answers
    inner join due on due.facet = proxy_answers.facet and is_due
    left join proxy_vectors on proxy_vectors.conversation_id = proxy_answers.conversation_id
    left join learned on learned.facet = proxy_answers.facet and learned.held_out = proxy_answers.fold
),

measured as (
    select
        facet,
        count(*) as tested,
        count(*) filter (agreed) as agreed,
        avg(agreed::integer) filter (answer <> commonest) as others_agreed
    from (select *, arg_max(answer, (same, answer)) over (partition by facet) as commonest from tested)
    group by facet
),

known as (
    select
        due.facet, due.question_hash, embedding_model, answers, users, learned.learned,
        agreed / tested as agreement, clio_wilson(agreed, tested).low as low, clio_wilson(agreed, tested).high as high,
        coalesce(others_agreed, 0) as others_agreement
    from due
    cross join build_info
    left join measured using (facet)
    left join learned on learned.facet = due.facet and held_out = 5
    where is_due
    union all by name
    select last_proxies.* exclude (call) from last_proxies inner join due using (facet) where not is_due
),

judged as (
    select
        known.*, last.call as last_call,
        coalesce(
            known.learned is not null and known.agreement >= proxy_agreement and known.low >= proxy_agreement - 0.05
            and known.others_agreement >= 0.5, false
        ) as reaches
    from known
    cross join settings
    cross join build_info
    left join last_proxies as last on last.facet = known.facet and last.question_hash = known.question_hash and not build_info.refit
)

select
    facet::varchar as facet,
    learned::struct(model varchar, answers varchar[]) as learned,      -- NULL: fewer than two answers could be learned
    answers::bigint as answers,                                        -- of the sample, when it was measured
    users::bigint as users,                                            -- behind them
    agreement::double as agreement,                                    -- share of held-out answers, 0 to 1, that it gives too
    low::double as low,                                                -- 95% interval of it
    high::double as high,
    others_agreement::double as others_agreement,                      -- the same of answers other than the commonest
    embedding_model::varchar as embedding_model,
    question_hash::varchar as question_hash,
    -- facets with one number are asked of a language model in one call; NULL: the regression answers
    (case when not reaches or last_call is not null then coalesce(last_call, (select coalesce(max(call), 0) + 1 from last_proxies)) end)::integer as call
from judged
