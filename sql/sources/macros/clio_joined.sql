-- clio_joined(messages, answer): the messages followed by the answer; an answer that they already end with, or that repeats them, counts once.
create or replace macro clio_joined(messages, answer) as
    list_transform([{'said': messages, 'answer': answer}], lambda part: case
        when coalesce(len(part.answer), 0) = 0 then part.said
        when coalesce(len(part.said), 0) = 0 then part.answer
        when part.said[-len(part.answer):] = part.answer then part.said
        when part.answer[:len(part.said)] = part.said then part.answer
        else list_concat(part.said, part.answer)
    end)[1];
