-- clio_tokens(text): the parts of a text that must be supported before it is shown: every run of letters, lower-cased, also one
-- that is not a word for clio_words, such as the two of 'first_last'; and '' if the text contains what can never be a
-- supported word: a number, an address, a handle, an identifier spelled out, a script that cannot be split into words.
-- A run of Chinese or Japanese is one part: it needs support as a whole, not word by word.
create or replace macro clio_tokens(text) as
    list_transform([text], lambda given: case when given is not null then list_distinct(list_concat(      -- so that text is computed once
        regexp_extract_all(lower(replace(given, '’', '''')), '[\p{L}\p{M}]+([''-][\p{L}\p{M}]+)*'),
        case
            when clio_identifies(given) or regexp_matches(given, '[0-9@#]|\p{N}|[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
                then ['']
            else []
        end
    )) end)[1];
