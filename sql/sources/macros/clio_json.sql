-- clio_json(value): JSON, where a string that is itself a JSON list or object is read as such, also if it was written as text twice.
create or replace macro clio_json(value) as
    case
        when json_type(value) is distinct from 'VARCHAR' then value
        when regexp_matches(value ->> '$', '^\s*[\[{]') and json_valid(value ->> '$') then (value ->> '$')::json
        when regexp_matches(value ->> '$', '^\s*"\s*[\[{]') and json_valid(value ->> '$') and json_valid((value ->> '$')::json ->> '$')
            then ((value ->> '$')::json ->> '$')::json
        else value
    end;
