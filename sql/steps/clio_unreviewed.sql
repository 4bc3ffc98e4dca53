-- clio_unreviewed(name, description, provider): what of a name and its description must be written by enough users: all of it,
-- but for topics of clio_topics, in English or another language, where the local provider names: it calls clusters by them, and a parent's
-- description says what the clusters below are called.
create or replace macro clio_unreviewed(name, description, provider) as
    list_transform([{'said': concat(name, '. ', description), 'topics': clio_topic_names()}], lambda whole: case
        when provider = 'local' then coalesce(
            regexp_replace(
                whole.said,
                -- of the topics that are in it: to match all of them takes longer than the rest of a small run
                '(^|[^\p{L}\p{M}\p{N}])('
                || nullif(array_to_string(list_filter(whole.topics, lambda topic: contains(lower(whole.said), topic)), '|'), '')
                || ')([^\p{L}\p{M}\p{N}]|$)',    -- no '\b': it knows a to z
                '\1 \3', 'gi'
            ),
            whole.said    -- none is
        )
        else whole.said
    end)[1];
