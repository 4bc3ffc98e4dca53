-- clio_role(role): user, assistant, system or tool for the names that logs have for them; any other name as it is, in lower case.
create or replace macro clio_role(role) as
    case
        when lower(trim(role)) in ('user', 'human', 'prompter', 'humanmessage', 'humanmessagechunk', 'customer', 'visitor', 'end_user', 'user_message') then 'user'
        when lower(trim(role)) in (
            'assistant', 'gpt', 'bot', 'model', 'ai', 'chatgpt', 'claude', 'bing', 'bard', 'gemini', 'llm',
            'chatbot', 'agent', 'copilot', 'aimessage', 'aimessagechunk', 'assistant_message'
        ) then 'assistant'
        when lower(trim(role)) in ('system', 'developer', 'systemmessage') then 'system'
        when lower(trim(role)) in (
            'tool', 'function', 'tool_use', 'tool_call', 'tool_result', 'tool_response', 'toolmessage',
            'function_call', 'function_response', 'function_call_output', 'functionmessage', 'observation', 'ipython'
        ) then 'tool'
        else lower(trim(role))
    end;
