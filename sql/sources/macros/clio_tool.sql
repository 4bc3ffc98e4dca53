-- clio_tool(part): for a content part, given as JSON, that is a tool call or its result: STRUCT(kind, content); else NULL.
-- kind: 'call', with only the tool's name (NULL: it has none), 'result', with its text, or 'failed', the same of one that says so.
create or replace macro clio_tool(part) as
    case
        when json_type(part) != 'OBJECT' then null
        when (part ->> '$.type') in ('text', 'input_text', 'output_text', 'thinking', 'reasoning') then null
        when (part ->> '$.type') like '%tool_result' or (part ->> '$.type') in (
            'tool-result', 'tool_call_response', 'function_call_output', 'function_response'
        ) or json_exists(part, '$.toolResult') or json_exists(part, '$.functionResponse')
            then {'kind': if(
                coalesce((part ->> '$.is_error') = 'true', false)
                or coalesce('error' in (part ->> '$.status', part ->> '$.toolResult.status'), false)
                or json_exists(part, '$.functionResponse.response.error'),
                'failed', 'result'
            ), 'content': clio_text(list_filter(
                json_extract(part, ['$.content', '$.response', '$.result', '$.output', '$.toolResult.content']),
                lambda found: json_type(found) in ('VARCHAR', 'ARRAY')
            )[1])}
        when (part ->> '$.type') like '%tool_use' or (part ->> '$.type') like 'tool-%' or (part ->> '$.type') in (
            'tool_call', 'function_call', 'dynamic-tool'
        ) or json_exists(part, '$.toolUse') or json_exists(part, '$.functionCall')
            then {'kind': 'call', 'content': coalesce(
                part ->> '$.name', part ->> '$.toolName', part ->> '$.toolUse.name', part ->> '$.functionCall.name',
                part ->> '$.toolInvocation.toolName', part ->> '$.tool_call.name', part ->> '$.function.name',
                regexp_extract(part ->> '$.type', '^tool-(.+)', 1)
            )}
    end;
