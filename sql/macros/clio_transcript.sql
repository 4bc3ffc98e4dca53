-- clio_transcript(messages, max_message_characters := 8000, max_transcript_characters := 100000): a conversation as the text that clio_extract reads.
-- messages is a list of STRUCT(role, content), in order. Each becomes <role>, its content and </role>, on lines of their own; in
-- the content &, < and > are written as &amp;, &lt; and &gt;, so that nothing that a user writes can close a tag. What is too long
-- is shortened in the middle. System messages and empty ones are left out; 'human' is a user, 'ai', 'bot' and 'model' an assistant.
create or replace macro clio_transcript(messages, max_message_characters := 8000, max_transcript_characters := 100000) as
    list_transform(
        [array_to_string(
            list_transform(
                list_filter(messages, lambda message:
                    coalesce(lower(trim(message.role)), '') not in ('system', 'developer') and message.content <> ''
                ),
                lambda message: list_transform(
                    [case
                        when lower(trim(message.role)) in ('user', 'human') then 'user'
                        when lower(trim(message.role)) in ('assistant', 'ai', 'bot', 'model') then 'assistant'
                        when lower(trim(message.role)) in ('tool', 'function') then 'tool'
                        else 'other'
                    end],
                    lambda role: concat(
                        '<', role, '>', chr(10),
                        replace(replace(replace(
                            clio_shortened(message.content, case when role = 'tool' then 500 else max_message_characters end),
                            '&', '&amp;'), '<', '&lt;'), '>', '&gt;'),
                        chr(10), '</', role, '>'
                    )
                )[1]
            ),
            chr(10)
        )],
        lambda transcript: case when messages is not null and max_message_characters is not null
            then clio_shortened(transcript, max_transcript_characters) end
    )[1];
