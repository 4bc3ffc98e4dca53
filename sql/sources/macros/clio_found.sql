-- clio_found(value, paths): what is under the first path of JSON that has a text, a list or an object; the value itself if it is a message, a list or a text.
create or replace macro clio_found(value, paths) as
    list_transform([value], lambda told: list_transform([clio_json(told)], lambda given: case
        when json_type(given) = 'OBJECT' and json_type(given, '$.role') is distinct from 'VARCHAR' then coalesce(
            list_filter(
                json_extract(given, paths),
                lambda found: json_type(found) in ('ARRAY', 'OBJECT', 'VARCHAR')
                    and found::varchar not in ('""', '[]', '{}')
            )[1],
            case when json_type(told) = 'VARCHAR' then told end  -- JSON that a user wrote
        )
        else told
    end)[1])[1];
