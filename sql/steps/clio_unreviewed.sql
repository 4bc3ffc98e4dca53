-- clio_unreviewed(name, description, provider): what of a name and its description must be written by enough users: all of it,
-- but for topics of clio_topics, in English or another language, where the local provider names: it calls clusters by them, and a parent's
-- description says what the clusters below are called.
create or replace macro clio_unreviewed(name, description, provider) as
    case
        when provider = 'local' then regexp_replace(
            concat(name, '. ', description),
            concat('(^|[^\p{L}\p{M}\p{N}])(', array_to_string(clio_topic_names(), '|'), ')([^\p{L}\p{M}\p{N}]|$)'),    -- no '\b': it knows a to z
            '\1 \3', 'gi'
        )
        else concat(name, '. ', description)
    end;
