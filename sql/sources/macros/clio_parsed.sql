-- clio_parsed(content): content, given as JSON, of which a string that is itself a list of content parts is read as that list.
create or replace macro clio_parsed(content) as
    case
        when json_type(content) = 'VARCHAR' and regexp_matches(content ->> '$', '^\s*\[\s*\{\s*"(type|text|id|role)"\s*:')
            then case
                when json_valid(content ->> '$') and coalesce(
                    json_type((content ->> '$')::json, '$[0].type'), json_type((content ->> '$')::json, '$[0].text')
                ) = 'VARCHAR' then (content ->> '$')::json
                else content
            end
        else content
    end;
