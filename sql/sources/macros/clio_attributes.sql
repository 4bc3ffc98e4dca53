-- clio_attributes(attributes): OpenTelemetry attributes, given as JSON, as one JSON object: an object as it is, a list of key and value by key.
-- If a key occurs twice, as in a span and its event, the first value is used.
create or replace macro clio_attributes(attributes) as
    list_transform([attributes], lambda given: case json_type(given)
        when 'ARRAY' then list_transform([json_extract_string(given, '$[*].key')], lambda keys: to_json(map_from_entries(
            list_filter(
                list_transform(
                    json_extract(given, '$[*]')::json[],
                    lambda attribute: struct_pack(
                        key := attribute ->> '$.key',
                        value := list_filter(
                            json_extract(attribute, [
                                '$.value.stringValue', '$.value.string_value', '$.value.intValue', '$.value.doubleValue',
                                '$.value.boolValue', '$.value.arrayValue', '$.value.kvlistValue', '$.value'
                            ]),
                            lambda value: value is not null
                        )[1]
                    )
                ),
                lambda entry, place: list_position(keys, entry.key) = place
            )
        )))[1]
        else given
    end)[1];
