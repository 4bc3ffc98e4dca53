-- clio_name(members, neighbours, criteria, terms := [], taken := [], avoid := []): STRUCT(name, description) of a group of texts.
-- neighbours are texts just outside the group; terms are phrases that enough users wrote, the most telling first;
-- taken are those of them that fit a sibling better; avoid are words that the answer may not contain.
create or replace macro clio_name(members, neighbours, criteria, terms := [], taken := [], avoid := []) as
    clio_name_raw(
        members, neighbours, criteria, cast(terms as varchar[]), cast(taken as varchar[]), cast(avoid as varchar[])
    ).value;
