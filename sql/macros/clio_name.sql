-- clio_name(members, neighbours, criteria, terms := [], taken := []): STRUCT(name, description) of a group of texts.
-- neighbours are texts just outside the group; terms are phrases that enough people used, the most telling first;
-- taken are those of them that fit a sibling better.
create or replace macro clio_name(members, neighbours, criteria, terms := [], taken := []) as
    clio_name_raw(members, neighbours, criteria, cast(terms as varchar[]), cast(taken as varchar[])).value;
