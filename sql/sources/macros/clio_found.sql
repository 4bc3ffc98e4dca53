-- clio_found(value, paths): of JSON the first path under which there is a text, a list or an object; itself where it is a message, a list or a text.
create or replace macro clio_found(value, paths) as
    list_transform([clio_json(value)], lambda given: case
        when json_type(given) = 'OBJECT' and json_type(given, '$.role') is null then list_filter(
            json_extract(given, paths),
            lambda found: json_type(found) in ('ARRAY', 'OBJECT', 'VARCHAR') and found::varchar not in ('""', '[]', '{}')
        )[1]
        else given
    end)[1];
