-- One row a word that stands in a clustered answer: its lemma and what is publicly known of it.
-- kind: table
-- grain: word
-- incremental: key=word, changed=word, input=words
with

known as (
    select word, clio_word(word) as known
    from words
    where word <> ''
)

select
    word::varchar as word,
    known.lemma::varchar as lemma,
    known.ordinary::boolean as ordinary,      -- in the public word list, which holds no names, places and brands
    known.stop::boolean as stop,              -- a function word
    known.vague::boolean as vague             -- says nothing about a subject
from known
