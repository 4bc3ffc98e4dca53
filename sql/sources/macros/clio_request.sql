-- clio_request(request): the messages of a request of any usual API, given as JSON, as STRUCT(role, content)[]; a text is the user's.
create or replace macro clio_request(request) as
    clio_messages(clio_found(request, [
        '$.messages', '$.input.messages', '$.input', '$.contents', '$.chat_history', '$.prompt', '$.question',
        '$.query', '$.inputText', '$.inputs', '$.user_input', '$.user_message', '$.message', '$.text', '$.content',
        '$.kwargs.messages', '$.kwargs.prompt', '$.kwargs.question', '$.kwargs.query', '$.kwargs.input', '$.args[0]'
    ]), 'user');
