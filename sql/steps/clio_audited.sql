-- clio_audited(name, description, provider): what of a name and its description the auditor reads: all of it. If the local provider calls
-- a cluster by topics of clio_topics alone, only what clio_unreviewed leaves: 'Soziale Medien' has the form of a full name.
create or replace macro clio_audited(name, description, provider) as
    case
        when regexp_matches(clio_unreviewed(name, '', provider), '\p{L}') then concat(name, '. ', description)
        else clio_unreviewed(name, description, provider)
    end;
