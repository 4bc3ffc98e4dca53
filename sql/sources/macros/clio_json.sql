-- clio_json(value): JSON, of which a string that is itself a JSON list or object is read as that.
create or replace macro clio_json(value) as
    case
        when json_type(value) = 'VARCHAR' and regexp_matches(value ->> '$', '^\s*[\[{]') and json_valid(value ->> '$')
            then (value ->> '$')::json
        else value
    end;
