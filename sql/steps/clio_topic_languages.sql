-- clio_topic_languages(): one row per topic and language in which it is said otherwise than in English: language, name (in lower case).
create or replace macro clio_topic_languages() as table
with

translated as (select unnest(clio_translated_topics()) as names),

listed as (select names as languages from translated where names[1] = 'English'),

said as (
    select unnest(languages[2:]) as language, lower(unnest(names[2:])) as name
    from translated cross join listed
    where names[1] <> 'English'
)

-- 'Restaurants' is English too
select distinct language, name from said where name not in (select lower(names[1]) from translated)
