-- clio_word(word): what is known about a lower-cased word, STRUCT(lemma, ordinary, stop, vague, task, sensitive, part,
-- name).
-- ordinary: in the public word list, and not a noun for one person, trait or small place; stop: a function word; vague: says
-- nothing about a subject; task: a reviewed word for a task, which needs no support; sensitive: the kind of a word that tells
-- what people keep to themselves (health, faith, crime, …), NULL for any other;
-- part: its part of speech in English, where endings tell: verb, 'verb or noun', past, ing, adjective; NULL for any other word;
-- name: what it may be in a person's name, NULL for a word of another kind: given, surname, handle (made of a name); either (also
-- an ordinary word), unknown (in no list), title (says that a name follows).
create or replace macro clio_word(word) as
    clio_word_raw(word);
