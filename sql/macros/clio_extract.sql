-- clio_extract(transcript, questions): answers to all questions about one conversation, as a map from facet to text.
-- questions is a struct or map from a facet to a question, or to {question, kind, choices}; kind is text, category or score.
create or replace macro clio_extract(transcript, questions) as
    clio_extract_raw(transcript, cast(to_json(questions) as varchar)).value;
