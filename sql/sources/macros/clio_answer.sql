-- clio_answer(response): what the assistant said in a response of any usual API, given as JSON, as STRUCT(role, content)[].
-- The first of these that is there: a message, the first choice, the output, a text. Thoughts are left out.
create or replace macro clio_answer(response) as
    clio_messages(clio_found(response, [
        '$.choices[0].message', '$.choices[0].text', '$.message', '$.output.message', '$.messages', '$.output',
        '$.generations[0][0].message', '$.generations[0][0].text', '$.generations[0].message', '$.generations[0].text',
        '$.candidates[0].content', '$.completion', '$.generation', '$.outputText', '$.results[0].outputText',
        '$.outputs[0].text', '$.answer', '$.response', '$.text', '$.result', '$.content'
    ]), 'assistant');
