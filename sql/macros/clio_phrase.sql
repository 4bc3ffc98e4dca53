-- clio_phrase(words): a phrase of words, with blanks between them, but none between two words of Chinese or Japanese.
create or replace macro clio_phrase(words) as
    regexp_replace(
        regexp_replace(
            array_to_string(words, ' '),
            '([\p{Han}\p{Hiragana}\p{Katakana}ー]) ([\p{Han}\p{Hiragana}\p{Katakana}ー])', '\1\2', 'g'
        ),
        '([\p{Han}\p{Hiragana}\p{Katakana}ー]) ([\p{Han}\p{Hiragana}\p{Katakana}ー])', '\1\2', 'g'
    );
