-- clio_time(text): the moment that a text gives, as a timestamp in UTC; NULL if it gives none for certain.
-- Reads ISO 8601, RFC 2822, what JavaScript and `date` print, digits alone as a date, and a number of s, ms, µs or ns since 1970.
-- A time without a zone is UTC. A zone is an offset, a name such as America/New_York, or an abbreviation of one meaning.
create or replace macro clio_time(text) as
    case
        when regexp_matches(text, '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?Z?$')
            then try_cast(rtrim(text, 'Z') as timestamp)
        when regexp_matches(text, '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?[+-](0\d|1[0-5]):[0-5]\d$')
            then make_timestamp(epoch_us(try_cast(text as timestamptz)))
        else list_transform(
            -- MongoDB: {"$date": …}
            [regexp_replace(trim(text), '^\{\s*"\$date"\s*:\s*(?:\{\s*"\$numberLong"\s*:\s*)?"?([^"}]+).*$', '\1')],
            lambda plain: case
                when regexp_matches(plain, '^-?\d+(\.\d*)?([eE]\+?\d+)?$') then clio_epoch(plain)
                else clio_written_time(plain)
            end
        )[1]
    end;
