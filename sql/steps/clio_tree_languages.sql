-- clio_tree_languages(families, base_clusters, cluster_languages, margins): the language that each parent may be called in. One row per
-- parent that has one: facet, cluster_id, language. It is that of clusters with most conversations below: six to eight of ten, drawn from
-- the secret, so that one conversation more is not seen. A language that it is called in stays while more than half are in it.
create or replace macro clio_tree_languages(families, base_clusters, cluster_languages, margins) as table
with

spoken as (
    select
        family.facet, family.cluster_id, any_value(family.last_name) as last_name, own.language,
        sum(base.conversations) / sum(sum(base.conversations)) over (partition by family.facet, family.cluster_id) as share
    from query_table(families) as family
    inner join query_table(base_clusters) as base
        on base.facet = family.facet and list_contains(family.base_cluster_ids, base.cluster_id)
    left join query_table(cluster_languages) as own on own.facet = base.facet and own.cluster_id = base.cluster_id
    group by family.facet, family.cluster_id, own.language
)

select facet, cluster_id, language
from spoken cross join query_table(margins)
where language is not null and share > 0.5 and (
    share >= 0.6 + clio_margin(salt, concat_ws('/', 'language', facet, cluster_id, language, 'share'), 20) / 100
    or (language, lower(last_name)) in (select (language, name) from clio_topic_languages())
)
