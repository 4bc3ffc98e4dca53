-- clio_message_list(value, speaker): what a log calls its messages, given as JSON, as a JSON list of them; NULL if there are none.
-- Reads a list, a list in a list, one message, a text or content parts of the speaker, and any of these as JSON in a string.
create or replace macro clio_message_list(value, speaker) as
    list_transform([value], lambda told: list_transform([clio_json(told)], lambda given: case
        when regexp_matches(given::varchar, '^\[\s*\{\s*"(role|from)"') then given
        when json_type(given, '$[0]') = 'ARRAY' then json_extract(given, '$[0]')
        when json_type(given) = 'ARRAY' and clio_is_message(given -> '$[0]') then given
        when json_type(given) = 'OBJECT' and clio_is_message(given) then json_array(given)
        -- JSON that is not a message is what a user wrote, if it came as text
        when json_type(told) = 'VARCHAR'
            then json_array(json_object('role', speaker, 'content', clio_parsed(told)))
        when json_type(given, '$[0]') = 'VARCHAR' or json_type(given, '$[0].text') = 'VARCHAR'
            then json_array(json_object('role', speaker, 'content', given))
        when json_type(given) = 'ARRAY' then given
    end)[1])[1];
