-- clio_tokens(text): what of a text must be supported before it is shown: every run of letters, lower-cased, also one
-- that clio_words calls no word, such as the two of 'first_last'; and '' where the text holds what can be no supported
-- word: a number, an address, a handle, an identifier
-- spelled out, a script that is not split by spaces.
create or replace macro clio_tokens(text) as
    case when text is not null then list_distinct(list_concat(
        regexp_extract_all(lower(replace(text, '’', '''')), '[\p{L}\p{M}]+([''-][\p{L}\p{M}]+)*'),
        case
            when clio_identifies(text) or regexp_matches(text, '[0-9@#]|\p{N}|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
                then ['']
            else []
        end
    )) end;
