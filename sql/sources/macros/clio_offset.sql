-- clio_offset(zone): minutes that a zone is ahead of UTC: an offset, with GMT or UTC before it or not, or an abbreviation of one meaning; else NULL.
-- Abbreviations used in several countries are left out: IST, BST, AST, AMT, GST, ….
create or replace macro clio_offset(zone) as
    case
        when regexp_matches(zone, '^(?i:gmt|utc)?[+-]\d{1,2}(:?[0-5]\d)?$') then list_transform(
            [regexp_extract(zone, '([+-])(\d{1,2}):?(\d\d)?$', ['sign', 'hours', 'minutes'])],
            lambda part: case when part.hours::int < 16 then
                (part.hours::int * 60 + coalesce(try_cast(part.minutes as int), 0)) * if(part.sign = '-', -1, 1)
            end
        )[1]
        else map {
            'Z': 0, 'UTC': 0, 'GMT': 0, 'UT': 0, 'WET': 0, 'WEST': 60, 'CET': 60, 'CEST': 120, 'MEZ': 60, 'MESZ': 120,
            'EET': 120, 'EEST': 180, 'MSK': 180, 'JST': 540, 'KST': 540, 'AEST': 600, 'AEDT': 660, 'NZST': 720, 'NZDT': 780,
            'EST': -300, 'EDT': -240, 'CST': -360, 'CDT': -300, 'MST': -420, 'MDT': -360, 'PST': -480, 'PDT': -420,
            'AKST': -540, 'AKDT': -480, 'HST': -600
        }[upper(zone)]
    end;
