-- clio_topic_names(): what clusters may be called although no user wrote it, in lower case, VARCHAR[]: all of clio_topics, in all
-- languages, the longest first, so that no part of one is taken for another.
create or replace macro clio_topic_names() as
    list_transform(
        list_reverse_sort(list_transform(
            list_distinct(list_transform(flatten(clio_translated_topics()[2:]), lambda topic: lower(topic))),
            lambda topic: struct_pack(length := len(topic), topic := topic)
        )),
        lambda each: each.topic
    );
