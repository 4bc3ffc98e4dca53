-- clio_text(content): the text of a message's content of any shape, given as JSON: a string, a part or a list of parts.
-- Each part's text is on its own line; anything else (images, sound, files, thoughts, tool calls) is left out.
create or replace macro clio_text(content) as
    list_transform([content], lambda given: clio_unencoded(case
        when json_type(given) = 'VARCHAR' then given ->> '$'
        when json_type(given) in ('ARRAY', 'OBJECT') then array_to_string(list_filter(
            list_transform(
                case
                    when json_type(given) = 'ARRAY' then json_extract(given, '$[*]')::json[]
                    when json_type(given, '$.parts') = 'ARRAY' then json_extract(given, '$.parts[*]')::json[]
                    when json_type(given, '$.content') = 'ARRAY' then json_extract(given, '$.content[*]')::json[]
                    else [given]
                end,
                lambda part: clio_part(part)
            ),
            lambda text: text is not null
        ), chr(10))
    end))[1];
