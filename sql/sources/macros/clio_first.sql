-- clio_first(value, paths): the first text or number in JSON under one of the paths, as text; NULL if there is none.
create or replace macro clio_first(value, paths) as
    list_filter(value ->> paths, lambda found: trim(found) <> '')[1];
