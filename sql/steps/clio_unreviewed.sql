-- clio_unreviewed(name, description, provider): what of a name and its description must be written by enough users: all of it,
-- or, where the local provider chose a topic of clio_topics as the name, the description.
create or replace macro clio_unreviewed(name, description, provider) as
    case
        when provider = 'local' and list_contains(clio_topics(), cast(name as varchar)) then cast(description as varchar)
        else concat(name, '. ', description)
    end;
