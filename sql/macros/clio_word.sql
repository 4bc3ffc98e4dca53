-- clio_word(word): what is known of a lower-cased word, STRUCT(lemma, ordinary, stop, vague).
-- ordinary: in the public word list, and no noun for one person, trait or small place; stop: a function word; vague: says nothing about a subject.
create or replace macro clio_word(word) as
    clio_word_raw(word);
