-- clio_system(instructions): what the operator told the model apart from the messages, given as JSON, as STRUCT(role, content)[] of one or none.
create or replace macro clio_system(instructions) as
    list_filter(
        [{'role': 'system', 'content': clio_text(clio_json(instructions))}],
        lambda message: message.content <> ''
    );
