-- clio_epoch(digits): the moment of a number: a date in 8 or 14 digits (20260301), else s, ms, µs or ns since 1970 by its size; NULL below 1e8.
create or replace macro clio_epoch(digits) as
    case
        when regexp_matches(digits, '^(19|20|21)\d{6}$') then try_strptime(digits, '%Y%m%d')
        when regexp_matches(digits, '^(19|20|21)\d{12}$') then try_strptime(digits, '%Y%m%d%H%M%S')
        else list_transform([try_cast(digits as decimal(38, 6))], lambda number: make_timestamp((case
            when abs(number) < 1e8 then null
            when abs(number) < 1e11 then number * 1000000
            when abs(number) < 1e14 then number * 1000
            when abs(number) < 1e17 then number
            when abs(number) < 1e20 then number / 1000
        end)::bigint))[1]
    end;
