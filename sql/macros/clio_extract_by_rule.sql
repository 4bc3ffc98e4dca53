-- clio_extract_by_rule(transcript, questions): as clio_extract, answered by rule and at no cost, whoever answers else.
create or replace macro clio_extract_by_rule(transcript, questions) as
    clio_extract_by_rule_raw(transcript, cast(to_json(questions) as varchar));
