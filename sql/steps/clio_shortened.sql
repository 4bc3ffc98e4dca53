-- clio_shortened(text, most): a text of more than that many characters without its middle: 70% of them are its beginning, 30% its end.
create or replace macro clio_shortened(text, most) as
    case
        when length(text) <= most then text
        when length(text) > most then concat(
            substring(text, 1, cast(most * 0.7 as integer)), ' [... shortened ...] ', right(text, cast(most * 0.3 as integer))
        )
    end;
