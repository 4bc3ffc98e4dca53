-- clio_first(value, paths): of JSON the first text or number under one of the paths, as text; NULL where there is none.
create or replace macro clio_first(value, paths) as
    list_filter(value ->> paths, lambda found: trim(found) <> '')[1];
