-- clio_unspaced(text): the runs of Chinese and Japanese in a text, each of which needs support as a whole; VARCHAR[].
create or replace macro clio_unspaced(text) as
    list_distinct(regexp_extract_all(lower(text), '[\p{Han}\p{Hiragana}\p{Katakana}ー]+'));
