-- clio_clock(text): a date, or a date and the time of a clock, as a timestamp; NULL for anything else, such as 3/4/2026, which is ambiguous between countries.
create or replace macro clio_clock(text) as
    case
        when not regexp_matches(text, '\d{4}') then null
        when regexp_matches(text, '^\d{4}([-/.])\d{1,2}([-/.])\d{1,2}([ Tt]\d{1,2}:\d\d(:\d\d(\.\d+)?)?)?$')
            then try_cast(regexp_replace(replace(text, '/', '-'), '^(\d+)\.(\d+)\.', '\1-\2-') as timestamp)
        else try_strptime(upper(regexp_replace(text, ' ?([AaPp])\.?[Mm]\.?$', ' \1M')), [
            '%Y-%m-%dT%H', '%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p', '%Y/%m/%d %I:%M:%S %p', '%Y/%m/%d %I:%M %p',
            '%Y%m%dT%H%M%S', '%Y%m%dT%H%M%S.%f', '%Y%m%dT%H%M', '%Y%m%d',
            '%d %b %Y %H:%M:%S', '%d %b %Y %H:%M', '%d %b %Y', '%d %B %Y %H:%M:%S', '%d %B %Y %H:%M', '%d %B %Y',
            '%d-%b-%Y %H:%M:%S', '%d-%b-%Y',
            '%b %d %Y %H:%M:%S', '%b %d %Y %H:%M', '%b %d %Y', '%B %d %Y %H:%M:%S', '%B %d %Y %H:%M', '%B %d %Y',
            '%b %d %Y %I:%M:%S %p', '%b %d %Y %I:%M %p', '%B %d %Y %I:%M:%S %p', '%B %d %Y %I:%M %p'
        ])
    end;
