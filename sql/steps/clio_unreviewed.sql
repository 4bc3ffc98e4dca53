-- clio_unreviewed(name, description, provider): what of a name and its description must be written by enough users: all of it,
-- but for topics of clio_topics, where the local provider names: it calls clusters by them, and a parent's description
-- says what the clusters below are called.
create or replace macro clio_unreviewed(name, description, provider) as
    case
        when provider = 'local' then regexp_replace(
            lower(concat(name, '. ', description)),
            -- the longest first: no part of one may be taken for another
            concat(
                '\b(',
                array_to_string(
                    list_transform(
                        list_reverse_sort(list_transform(
                            clio_topics(), lambda topic: struct_pack(length := len(topic), topic := lower(topic))
                        )),
                        lambda each: each.topic
                    ),
                    '|'
                ),
                ')\b'
            ),
            ' ', 'g'
        )
        else concat(name, '. ', description)
    end;
