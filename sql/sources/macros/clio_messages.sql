-- clio_messages(value, speaker): the messages in JSON of any usual shape as STRUCT(role, content)[]; speaker: the role of what says none.
-- A tool call is a message of role tool with the tool's name alone, a tool's result one with its text. Thoughts are left out.
create or replace macro clio_messages(value, speaker) as
    flatten(list_transform(
        from_json(clio_message_list(value, speaker), '[{
            "role": "VARCHAR", "from": "VARCHAR", "sender": "VARCHAR", "author": "JSON", "type": "VARCHAR",
            "content": "JSON", "value": "JSON", "parts": "JSON", "text": "JSON", "refusal": "JSON", "output": "JSON",
            "tool_calls": "JSON", "function_call": "JSON", "name": "VARCHAR",
            "kwargs": "JSON", "data": "JSON", "message": "JSON", "id": "JSON"
        }]'),
        lambda message: case
            -- the most usual shape, read without all that the others need
            when message.role is not null and json_type(message.content) = 'VARCHAR' and message.parts is null
                and message.tool_calls is null and message.function_call is null
                and not starts_with(message.content::varchar, '"[')
                then [{
                    'role': clio_role(message.role),
                    'content': clio_spoken(clio_role(message.role), clio_unencoded(message.content ->> '$'))
                }]
            else clio_turn(message, speaker)
        end
    ));
