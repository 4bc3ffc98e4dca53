-- clio_is_message(value): whether a JSON object says by its keys that it is a message of a conversation.
create or replace macro clio_is_message(value) as
    json_type(value) = 'OBJECT' and len(list_intersect(
        json_keys(value), ['role', 'from', 'sender', 'author', 'speaker', 'kwargs', 'data', 'message', 'content', 'parts']
    )) > 0 and (json_exists(value, '$.role') or (value ->> '$.type') is distinct from 'text');
