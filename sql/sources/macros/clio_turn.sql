-- clio_turn(message, speaker): one message as clio_messages parses it, as STRUCT(role, content)[]: results of tools, its text, calls of tools.
create or replace macro clio_turn(message, speaker) as
    flatten(list_transform(
        list_transform(list_transform([message], lambda given: {
            'type': given.type,
            'role': coalesce(
                given.role, given."from", given.sender, given.speaker, given.author ->> '$.role',
                case when json_type(given.author) = 'VARCHAR' then given.author ->> '$' end, given.message ->> '$.role',
                given.kwargs ->> '$.type',
                -- LangChain: ["langchain", "schema", "messages", "HumanMessage"]
                case when given.kwargs is not null then given.id ->> '$[#-1]' end,
                case when clio_role(given.type) in ('user', 'assistant', 'system', 'tool') then given.type end,
                speaker,
                case when given.parts is not null then 'user' end  -- Gemini
            ),
            'failed': coalesce((given.kwargs ->> '$.status') = 'error', false),    -- LangChain
            'content': coalesce(
                given.parts, given.content, given.value, given.text, given.refusal, given.output,
                given.kwargs -> '$.content', given.data -> '$.content', given.message -> '$.content',
                case when json_type(given.message) = 'VARCHAR' then given.message end
            ),
            'calls': coalesce(
                given.tool_calls, given.kwargs -> '$.tool_calls', given.data -> '$.tool_calls',
                given.message -> '$.tool_calls', given.function_call, given.toolInvocations,
                case when given.type = 'function_call' then json_object('name', given.name) end
            )
        }), lambda found: {
            'type': found.type, 'role': if(found.failed and clio_role(found.role) = 'tool', 'tool_error', clio_role(found.role)),
            'content': clio_parsed(found.content), 'calls': found.calls
        }),
        lambda given: flatten(list_transform(
            list_transform([{
                'text': clio_text(given.content),
                'tools': list_filter(
                    list_transform(json_extract(given.content, '$[*]')::json[], lambda part: clio_tool(part)),
                    lambda tool: tool is not null
                ),
                'calls': list_transform(
                    case json_type(given.calls)
                        when 'ARRAY' then json_extract(given.calls, '$[*]')::json[]
                        when 'OBJECT' then [given.calls]
                        else []
                    end,
                    lambda call: coalesce(call ->> '$.function.name', call ->> '$.name', call ->> '$.toolName', call ->> '$.custom.name')
                )
            }], lambda found: {
                'text': found.text, 'tools': found.tools, 'calls': found.calls,
                'in_order': len(found.calls) = 0 and coalesce(len(list_filter(found.tools, lambda tool: tool.kind = 'call')), 0) > 0
            }),
            -- a message with calls and their results, as of tools that the server runs, has them in its order
            lambda said: list_concat(
                case when said.in_order then [] else list_transform(
                    list_filter(said.tools, lambda tool: tool.kind != 'call'),
                    lambda tool: {'role': if(tool.kind = 'failed', 'tool_error', 'tool'), 'content': tool.content}
                ) end,
                case
                    when given.type = 'reasoning' then []
                    when coalesce(said.text, '') = '' and coalesce(len(said.tools), 0) + len(said.calls) > 0 then []
                    else [{'role': given.role, 'content': clio_spoken(given.role, said.text)}]
                end,
                case
                    when said.in_order then list_transform(said.tools, lambda tool: {
                        'role': case tool.kind when 'call' then 'tool_call' when 'failed' then 'tool_error' else 'tool' end,
                        'content': tool.content
                    })
                    else list_transform(said.calls, lambda name: {'role': 'tool_call', 'content': name})
                end
            )
        ))
    ));
