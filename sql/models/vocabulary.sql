-- One row per word of a clustered answer: its lemma and what is publicly known about it.
-- kind: table
-- grain: word
-- by: word
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
    known.ordinary::boolean as ordinary,      -- in the public word list, which has no names, places and brands
    known.stop::boolean as stop,              -- a function word
    known.vague::boolean as vague,            -- says nothing about a subject
    known.task::boolean as task,              -- a reviewed word for a task: needs no support
    known.sensitive::varchar as sensitive,    -- kind of a word about what people keep to themselves: health, faith, …; NULL: none
    known.part::varchar as part,              -- part of speech of an English word: verb, 'verb or noun', past, ing, adjective; NULL: another, or not known
    known.name::varchar as name               -- what it may be in a person's name: given, surname, handle, either, unknown, title; NULL: none
from known
