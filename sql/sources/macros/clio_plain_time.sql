-- clio_plain_time(text): a written time in plain parts: no week day, no comma, at most microseconds, and its zone last and once.
create or replace macro clio_plain_time(text) as
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(text,
        '−', '-', 'g'),  -- a typeset minus
        '([+-]\d\d:?\d\d|[Zz]) ?(\[[^\]]*\]|\([^)]*\)|[A-Z]{3,4})$', '\1', 'g'),  -- a zone given twice
        '[\[(]([^\])]*)[\])]$', ' \1', 'g'),  -- a zone in brackets
        '^(?i:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? +', '', 'g'),  -- the week day
        '^(\d{1,2})/([A-Za-z]{3})/(\d{4}):', '\1 \2 \3 ', 'g'),  -- of web servers: 02/Mar/2026:09:00:00
        '(:\d\d),(\d)', '\1.\2', 'g'),  -- a comma before the fraction
        '(\.\d{6})\d+', '\1', 'g'),  -- nanoseconds
        ',| at ', ' ', 'g'),  -- Mar 2, 2026 at 9:00
        ' +', ' ', 'g'),
        '^([A-Za-z]{3}) (\d+) (\d\d:\d\d:\d\d) ?([A-Z]{0,4}) (\d{4})$', '\1 \2 \5 \3 \4', 'g')  -- the year last
    ;
