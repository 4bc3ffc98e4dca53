-- clio_numbered(attributes, prefix, role, content): messages that attributes have by number (gen_ai.prompt.0.role), as a JSON list.
create or replace macro clio_numbered(attributes, prefix, role, content) as
    -- without those that have no text, such as calls of tools
    to_json(list_filter(list_transform(
        range(len(list_filter(
            json_keys(attributes), lambda key: starts_with(key, prefix) and ends_with(key, role)
        ))),
        lambda number: {
            'role': attributes ->> ('$."' || prefix || number || role || '"'),
            'content': coalesce(
                to_json(attributes ->> ('$."' || prefix || number || content || '"')),
                -- content parts have numbers of their own: …message.contents.0.message_content.text
                to_json(list_transform(
                    list_filter(json_keys(attributes), lambda key: starts_with(
                        key, prefix || number || content || 's.'
                    ) and ends_with(key, '.message_content.text')),
                    lambda key: attributes ->> ('$."' || key || '"')
                ))
            )
        }
    ), lambda message: message.content::varchar <> '[]'));
