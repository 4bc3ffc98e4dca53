-- clio_written_time(text): the moment of a written time, as a timestamp in UTC, for forms that clio_time does not read directly.
create or replace macro clio_written_time(text) as
    list_transform([clio_plain_time(text)], lambda plain: list_transform([
        regexp_extract(  -- the time as the clock showed it, and the zone
            plain,
            '^(.*?(?:\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\b\.?)?|[Tt]\d\d(?:\d\d){0,2}(?:\.\d+)?)) ?([A-Za-z+-][A-Za-z0-9_/:+-]*)?$',
            ['clock', 'zone']
        )
    ], lambda part: case
        when part.clock = '' then clio_clock(plain)
        when part.zone = '' then clio_clock(part.clock)
        when contains(part.zone, '/') then make_timestamp(epoch_us(try_cast(
            strftime(clio_clock(part.clock), '%Y-%m-%d %H:%M:%S.%f ') || part.zone as timestamptz
        )))
        else clio_clock(part.clock) - to_minutes(clio_offset(part.zone))
    end)[1])[1];
