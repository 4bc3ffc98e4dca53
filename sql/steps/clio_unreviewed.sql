-- clio_unreviewed(name, description, provider): what of a name and its description must be written by enough users: all of it,
-- but for the topics of clio_topics in the name, if the local provider names: their list is reviewed.
create or replace macro clio_unreviewed(name, description, provider) as
    concat(
        case
            when provider = 'local' then list_reduce(
                list_prepend(
                    lower(cast(name as varchar)),
                    -- the longest first: no part of one may be taken for another
                    list_transform(
                        list_reverse_sort(list_transform(
                            clio_topics(), lambda topic: struct_pack(length := len(topic), topic := lower(topic))
                        )),
                        lambda each: each.topic
                    )
                ),
                lambda text, topic: regexp_replace(text, concat('\b', topic, '\b'), ' ', 'g')
            )
            else name
        end,
        '. ', description
    );
