-- clio_spelled(text): the words of a text in order, as they were written; '' wherever something else is between them.
-- A word is letters, with hyphens or apostrophes inside. Numbers, e-mail addresses, handles and tokens that
-- mix letters and digits are never words. Chinese and Japanese are broken into words by clio_breaks; Thai, Lao, Khmer and
-- Burmese have none, since no list of names tells apart who is written about in them.
create or replace macro clio_spelled(text) as
    list_transform(
        regexp_extract_all(
            regexp_replace(
                replace(
                    case when regexp_matches(text, '[\p{Han}\p{Hiragana}\p{Katakana}]') then clio_breaks(text) else text end,
                    '’', ''''
                ),
                '([,.;:!?()\[\]{}"“”«»‹›…/|*#<>=]+)(\s|$)', ' . \2', 'g'
            ),
            '\S+'
        ),
        lambda token: case
            when regexp_full_match(token, '["''“”„«‹¿¡(\[{*#_-]*[\p{L}\p{M}]+([''-][\p{L}\p{M}]+)*[''_*-]*')
                and not regexp_matches(token, '[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
                then regexp_extract(token, '[\p{L}\p{M}]+([''-][\p{L}\p{M}]+)*')
            else ''
        end
    );
