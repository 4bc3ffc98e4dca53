-- clio_numbered(attributes, prefix, role, content): messages that attributes have by number (gen_ai.prompt.0.role), as a JSON list.
create or replace macro clio_numbered(attributes, prefix, role, content) as
    to_json(list_transform(
        range(len(list_filter(
            json_keys(attributes), lambda key: starts_with(key, prefix) and ends_with(key, content)
        ))),
        lambda number: {
            'role': attributes ->> ('$."' || prefix || number || role || '"'),
            'content': attributes ->> ('$."' || prefix || number || content || '"')
        }
    ));
