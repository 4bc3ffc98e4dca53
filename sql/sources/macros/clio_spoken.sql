-- clio_spoken(role, text): the text without the thoughts and calls of tools that are written into an answer (<think>, <details type="…">).
create or replace macro clio_spoken(role, text) as
    case
        when role = 'assistant' then regexp_replace(
            text,
            '(?s)<think(?:ing)?>.*?(?:</think(?:ing)?>|\z)\s*|<details type="(?:reasoning|tool_calls|code_interpreter)".*?(?:</details>|\z)\s*',
            '', 'g'
        )
        else text
    end;
