-- clio_audited(name, description, provider): what of a name and its description the auditor reads: all of it. If the local provider calls
-- a cluster by topics of clio_topics alone, only what clio_unreviewed leaves: 'Soziale Medien' has the form of a full name.
create or replace macro clio_audited(name, description, provider) as
    list_transform(
        [list_transform(['', cast(description as varchar)], lambda described: clio_unreviewed(name, described, provider))],    -- of the name, of both
        lambda unreviewed: case when regexp_matches(unreviewed[1], '\p{L}') then concat(name, '. ', description) else unreviewed[2] end
    )[1];
