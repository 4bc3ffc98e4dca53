-- clio_words(text): the words of a text in order, lower-cased; '' wherever something else is between them. See clio_spelled.
create or replace macro clio_words(text) as
    clio_spelled(lower(text));
