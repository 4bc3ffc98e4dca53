-- clio_none_of_these(): the answer of a language model that a text belongs to neither of two leaves.
create or replace macro clio_none_of_these() as
    'None of these: it is about something else';
