-- clio_spoken(role, text): the text without the thoughts that models write into an answer (<think>, <details type="reasoning">).
create or replace macro clio_spoken(role, text) as
    case
        when role = 'assistant' then regexp_replace(
            text,
            '(?s)<think(?:ing)?>.*?(?:</think(?:ing)?>|\z)\s*|<details type="reasoning".*?(?:</details>|\z)\s*',
            '', 'g'
        )
        else text
    end;
