-- clio_messages(value, speaker): the messages in JSON of any usual shape as STRUCT(role, content)[]; speaker: the role of those without one.
-- A tool call is a message of role tool_call with only the tool's name, its result one of role tool (tool_error: it says that it
-- failed) with its text. Thoughts are left out.
create or replace macro clio_messages(value, speaker) as
    flatten(list_transform(
        from_json(clio_message_list(value, speaker), '[{
            "role": "VARCHAR", "from": "VARCHAR", "sender": "VARCHAR", "speaker": "VARCHAR", "author": "JSON", "type": "VARCHAR",
            "content": "JSON", "value": "JSON", "parts": "JSON", "text": "JSON", "refusal": "JSON", "output": "JSON",
            "tool_calls": "JSON", "function_call": "JSON", "toolInvocations": "JSON", "name": "VARCHAR",
            "kwargs": "JSON", "data": "JSON", "message": "JSON", "id": "JSON"
        }]'),
        lambda message: case
            -- the most usual shapes, a text or parts without tools, read without the steps that the others need
            when message.role is not null and message.parts is null
                and message.tool_calls is null and message.function_call is null and message.toolInvocations is null
                and case json_type(message.content)
                    when 'VARCHAR' then not starts_with(message.content::varchar, '"[')
                    when 'ARRAY' then not regexp_matches(message.content::varchar, 'tool|function')
                    else false
                end
                then [{
                    'role': clio_role(message.role),
                    'content': clio_spoken(clio_role(message.role), case json_type(message.content)
                        when 'VARCHAR' then clio_unencoded(message.content ->> '$')
                        else clio_text(message.content)
                    end)
                }]
            else clio_turn(message, speaker)
        end
    ));
