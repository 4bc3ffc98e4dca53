-- One row per cluster and phrase of one to eight words that at least two of its users wrote: how well it reads as a heading. Private.
-- kind: table
-- grain: facet, cluster_id, words
-- by: facet, cluster_id
-- A phrase begins with a content word, or with 'how long' and its like. Whether it may be published is decided in cluster_terms, by how many users wrote its
-- content words together; that at least two wrote just this form of it is decided here.
with

starts as (select *, unnest(generate_series(1, len(words))) as first_word from phrase_texts),

spans as (
    select
        facet, cluster_id, user_id,
        words[first_word:first_word + length - 1] as words,
        lemmas[first_word:first_word + length - 1] as lemmas,
        telling[first_word:first_word + length - 1] as telling,
        parts[first_word:first_word + length - 1] as parts,
        coalesce(words[first_word - 1], '') as before,
        coalesce(words[first_word + length], '') as after,
        lemmas[first_word - 1] is not null or words[first_word - 1] = 'how' as content_before,
        lemmas[first_word + length] is not null as content_after
    from (select *, unnest(generate_series(1, 8)) as length from starts)
    where first_word + length - 1 <= len(words)
        and (lemmas[first_word] is not null or words[first_word] = 'how' and words[first_word + 1] in ('long', 'much', 'many', 'often'))
),

-- words that end a phrase although they are function words: 'top up'
particles as (select ['up', 'out', 'off', 'down', 'back', 'away'] as ends),

used as (
    select spans.*, ends
    from spans cross join particles
    where not list_contains(words, '') and (lemmas[-1] is not null or list_contains(ends, words[-1]) and not content_after)
),

-- what stands beside it: a fragment nearly always has the same word there, as 'crypto top' has in 'crypto top up'
behind as (
    select facet, cluster_id, words, max(uses) as uses
    from (
        select
            facet, cluster_id, words, after,
            count(*) * case when bool_or(content_after or list_contains(ends, after)) then 1 else 0.4 end as uses
        from used
        where after <> ''
        group by all
    )
    group by all
),

in_front as (
    select facet, cluster_id, words, max(uses) as uses
    from (select facet, cluster_id, words, before, count(*) as uses from used where content_before group by all)
    group by all
),

counted as (
    select
        facet, cluster_id, words,
        any_value(list_sort(list_distinct(list_filter(lemmas, lambda lemma: lemma is not null)))) as lemmas,
        any_value(telling) as telling,
        any_value(lemmas) as placed_lemmas,                                                  -- NULL for function words
        any_value(parts) as parts,
        any_value(lemmas[-1] is null) as ends_in_particle,
        count(distinct user_id) as users,
        count(*) as uses,
        count(*) filter (before in ('', 'to', 'can', 'please', 'i', 'you', 'we')) as asks,
        count(*) filter (
            before in ('it', 'they', 'he', 'she', 'that', 'which', 'who')
            or before in ('i', 'we') and words[1] <> lemmas[1]                             -- 'ordered' in 'I ordered'
        ) as after_subject
    from used
    group by facet, cluster_id, words
    having count(distinct user_id) >= (select case when mode = 'safety' then 0 else least(2, min_users) end from settings)
),

-- what of its grammar can be seen in words and their places
read as (
    select
        *,
        words[1] = 'how' as asks_how,
        -- 'card is not working': what is denied says something, whatever the verb
        len(lemmas) > 1 and list_contains(telling, true) and len(list_filter(words[2:-2], lambda word: word = 'not' or ends_with(word, 'n''t'))) > 0 as denies,
        -- 'check my balance': it begins with a verb and is asked for
        parts[1] = 'verb' or len(words) > 1 and asks > 0.5 * uses and coalesce(parts[1], 'verb or noun') = 'verb or noun' as imperative,
        [place for place in generate_series(2, len(words)) if words[place] = 'to' and parts[place + 1] in ('verb', 'verb or noun')] as infinitives,
        len(list_intersect(words, ['i', 'you', 'we', 'they', 'he', 'she', 'it'])) as subjects,
        len(list_intersect(words[2:], ['who', 'that', 'this', 'what', 'which', 'where', 'why', 'whether', 'if', 'when', 'because'])) as clauses,
        -- 'cash and was charged'
        len([
            place for place in generate_series(2, len(words))
            if words[place] in ('and', 'or', 'but', 'so', 'then', 'a', 'an', 'the') and placed_lemmas[place + 1] is null
        ]) as broken,
        -- 'made a payment', 'need to use'
        len(words) > 1 and (parts[1] = 'past' and placed_lemmas[2] is null or not telling[1] and words[2] = 'to') as tells,
        -- 'atms accept', 'link a new', 'how long does a payment'
        len(words) > 1 and case
            when asks_how then len(words) > 3 and parts[-1] is null
            when len(infinitives) > 0 then false
            when parts[-1] = 'adjective' then not list_has_any(words, ['is', 'are', 'was', 'were', 'not', 'as'])
            else parts[-1] = 'verb'
        end as unfinished
    from counted
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    words::varchar[] as words,
    lemmas::varchar[] as lemmas,                                                           -- its content words, each once, in alphabetical order
    list_sort(list_distinct(list_transform(
        coalesce(nullif([lemma for lemma, place in placed_lemmas if lemma is not null and telling[place]], []), lemmas), lambda lemma: lemma[:6]
    ) || case when denies then ['not'] else [] end))::varchar[] as subjects,               -- the beginnings of those that say something: 'withdr' of 'make a withdrawal'
    users::integer as users,                                                               -- who wrote just this form
    (list_contains(telling, true) and (telling[-1] or ends_in_particle or denies))::boolean as plain,  -- not 'find something': it names a subject, and last
    (
        (1 - coalesce(behind.uses, 0) / read.uses)
        * sqrt(1 - coalesce(in_front.uses, 0) / read.uses)
        * (1 - 0.5 * after_subject / read.uses)
        * case when len(words) > 1 and asks > 0.5 * read.uses then 1.25 else 1 end
        * case when ends_in_particle then 0.9 else 1 end
        * case when len(words) = 1 and (parts[1] in ('verb', 'past', 'ing') or parts[1] = 'verb or noun' and asks > 0.5 * read.uses) then 0.4 else 1 end  -- 'got'
        * case when len(infinitives) > 0 and not imperative and not asks_how then 0.4 else 1 end        -- 'card to arrive'
        * case when unfinished then 0.4 else 1 end
        * case when tells then 0.4 else 1 end
        * pow(0.6, subjects + clauses)
        * pow(0.3, broken)
        * pow(0.8, greatest(len(words) - 5, 0))
    )::double as heading                                                                   -- how well it reads as one: 0 a fragment, 1.25 an imperative
from read
left join behind using (facet, cluster_id, words)
left join in_front using (facet, cluster_id, words)
