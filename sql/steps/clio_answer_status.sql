-- clio_answer_status(answer, kind, facet): the status of one facet of an answer about a conversation: that of the answer;
-- unsure where a local provider that guesses leaves out what is doubtful, and invalid where the facet is missing.
create or replace macro clio_answer_status(answer, kind, facet) as
    case
        when answer.status = 'ok' and kind not in ('text', 'taxonomy') and map_contains(answer.value, facet)
            and answer.value[facet] is null then 'unsure'
        when answer.status = 'ok' and not list_contains(map_keys(answer.value), facet) then 'invalid'
        else answer.status
    end;
