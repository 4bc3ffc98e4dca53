-- clio_numbered(attributes, prefix, role, content): messages that are numbered attributes (gen_ai.prompt.0.role), as a JSON list.
create or replace macro clio_numbered(attributes, prefix, role, content) as
    -- without those that have no text, such as tool calls
    to_json(list_filter(list_transform(
        range(len(list_filter(
            json_keys(attributes), lambda key: starts_with(key, prefix) and ends_with(key, role)
        ))),
        lambda number: {
            'role': attributes ->> ('$."' || prefix || number || role || '"'),
            'content': coalesce(
                to_json(attributes ->> ('$."' || prefix || number || content || '"')),
                -- content parts have their own numbers: …message.contents.0.message_content.text
                to_json(list_transform(
                    list_filter(json_keys(attributes), lambda key: starts_with(
                        key, prefix || number || content || 's.'
                    ) and ends_with(key, '.message_content.text')),
                    lambda key: attributes ->> ('$."' || key || '"')
                ))
            )
        }
    ), lambda message: message.content::varchar <> '[]'));
