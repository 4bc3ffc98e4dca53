-- clio_terms(texts, user_ids, min_users := 10): the phrases that at least min_users users of a group of texts wrote, for clio_name.
-- Each has one to five content words; the most telling comes first. user_ids[n] is the user who wrote texts[n]; NULL and ids
-- that name nobody count as no user. A sensitive word also needs a quarter of the users, a name of a person 100 of them.
-- Contrast with other groups, margins and the rule on repeated texts are those of a build alone.
create or replace macro clio_terms(texts, user_ids, min_users := 10) as
    case
        when texts is null or user_ids is null or min_users is null then null
        when len(texts) <> len(user_ids) then error(concat(
            'clio_terms: ', len(texts), ' texts and ', len(user_ids), ' users; the two lists must have one length.'
        ))
        else coalesce((
            with

            given as (
                select unnest(cast(texts as varchar[])) as text, unnest(cast(user_ids as varchar[])) as user_id
            ),

            written as (
                select clio_user_id(user_id) as user_id, clio_words(text) as words
                from given
                where text is not null and clio_user_id(user_id) is not null
            ),

            sizes as (select count(distinct user_id) as all_users from written),

            known as (
                select
                    * exclude (found),
                    [case when not word.stop then word.lemma end for word in found] as lemmas,
                    [word.vague for word in found] as vague,
                    -- a certain name, or the first of two words that may be one together
                    [
                        coalesce(word.name in ('given', 'surname', 'handle'), false)
                        or word.name is not null and coalesce(found[place + 1].name in ('either', 'unknown'), false)
                        for word, place in found
                    ] as named,
                    [word.sensitive is not null for word in found] as sensitive
                from (
                    select *, list_transform(words, lambda word: clio_word(nullif(word, ''))) as found
                    from written
                )
            ),

            starts as (
                select *, unnest(generate_series(1, len(words))) as first_word from known
            ),

            -- what begins and ends with a content word
            phrases as (
                select
                    user_id,
                    words[first_word:last_word] as words,
                    list_sort(list_distinct(lemmas[first_word:last_word])) as lemmas,
                    vague[last_word] as vague,
                    list_contains(named[first_word:last_word], true) as named,
                    list_contains(sensitive[first_word:last_word], true) as sensitive
                from (
                    select *, unnest(generate_series(first_word, least(first_word + 7, len(words)))) as last_word
                    from starts
                    where lemmas[first_word] is not null
                )
                where lemmas[last_word] is not null and not list_contains(words[first_word:last_word], '')
            ),

            counted as (
                select
                    lemmas,
                    count(distinct user_id) as users,
                    bool_or(sensitive) as sensitive,
                    bool_or(named) as named
                from phrases
                where len(lemmas) <= 5
                group by lemmas
            ),

            supported as (
                select *, users / all_users as share
                from counted cross join sizes
                where users >= greatest(
                    min_users, case when sensitive then ceil(0.25 * all_users) end, case when named then 100 end
                )
            ),

            -- the form that most users wrote, two at least; where words are not separated, as many as the phrase needs
            spelled as (
                select lemmas, clio_phrase(words) as term, not vague as plain
                from (
                    select lemmas, words, any_value(vague) as vague, count(distinct user_id) as users
                    from phrases
                    group by lemmas, words
                )
                where users >= case when len(clio_unspaced(clio_phrase(words))) > 0 then min_users else least(2, min_users) end
                    and not clio_identifies(clio_phrase(words))
                qualify row_number() over (partition by lemmas order by users desc, words) = 1
            ),

            shared as (
                select
                    term, lemmas, users,
                    clio_term_score(share, 0.01, len(lemmas), plain, 1) as score
                from supported inner join spelled using (lemmas)
            )

            select list(term order by score desc, term)
            from shared
            -- 'crypto top' of 'crypto top up': hardly anybody wrote it otherwise
            where not exists (
                from shared as longer
                where len(longer.lemmas) > len(shared.lemmas) and list_has_all(longer.lemmas, shared.lemmas)
                    and longer.users >= 0.8 * shared.users
            )
        ), [])
    end;
