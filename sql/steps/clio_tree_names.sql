-- clio_tree_names(families, evidence, topics, tree_languages, last_level, base_clusters, settings, build_info): a name for each parent
-- that passed the word rule and the audit, like those of base clusters. One row per parent that has one: facet, cluster_id, own (name and
-- description). A last name is checked like a new one, and a topic in a language goes with the language. If a name has a word that too few users wrote, it is asked for
-- once more, without that word. A language model is given no texts, unless it may see them (naming_sees). The local
-- provider takes a topic where one fits (see clio_tree_topics), and says which clusters are below; else it names no parent here.
create or replace macro clio_tree_names(families, evidence, topics, tree_languages, last_level, base_clusters, settings, build_info) as table
with

below as (
    select
        family.facet, family.cluster_id,
        list(concat('''', base.name, '''') order by base.conversations desc, base.cluster_id)[:6] as names
    from query_table(families) as family
    inner join query_table(base_clusters) as base
        on base.facet = family.facet and list_contains(family.base_cluster_ids, base.cluster_id)
    group by family.facet, family.cluster_id
),

by_topic as (
    select
        facet, cluster_id, topic,
        concat(
            'Users write about ', array_to_string(names[:-2], ', '),
            case when len(names) > 1 then ' and ' else '' end, names[-1], '.'
        ) as description
    from query_table(topics) inner join below using (facet, cluster_id) cross join query_table(build_info)
    where provider = 'local'
),

-- for contrast: the names of the children of other parents
neighbours as (
    select family.facet, family.cluster_id, list(child.name order by child.cluster_id) as neighbours
    from query_table(families) as family
    inner join query_table(last_level) as child
        on child.facet = family.facet and not list_contains(family.child_ids, child.cluster_id)
    group by family.facet, family.cluster_id
),

called_below as (
    select distinct family.facet, family.cluster_id, unnest(regexp_split_to_array(lower(child.name), ' and |, ')) as name
    from query_table(families) as family
    inner join query_table(last_level) as child
        on child.facet = family.facet and list_contains(family.child_ids, child.cluster_id)
),

-- last names with a topic in a language that the parent is not in any more. One that is made of what children are called stays:
-- made anew, it would begin with the largest, and one conversation more could be seen
outdated as (
    select distinct facet, cluster_id
    from (
        select facet, cluster_id, regexp_split_to_array(lower(last_name), ' and |, ') as names, unnest(names) as name
        from query_table(families) cross join query_table(build_info)
        where provider = 'local'
    ) as called
    inner join clio_topic_languages() as said using (name)
    left join query_table(tree_languages) as spoken using (facet, cluster_id)
    left join called_below as child using (facet, cluster_id, name)
    group by facet, cluster_id, called.name
    having not coalesce(bool_or(said.language = spoken.language or len(names) > 1 and child.name is not null), false)
),

requests as materialized (
    select
        facet, cluster_id, criteria, lemmas, child_ids,
        case when outdated.cluster_id is null then last_name end as last_name,
        last_description,
        naming_sees = 'texts' or provider = 'local' as sees_texts,
        case when sees_texts then members else [] end as members,
        coalesce(phrases, []) as terms,
        coalesce(taken, []) as taken,
        coalesce(neighbours, []) as neighbours
    from query_table(families)
    inner join query_table(evidence) using (facet, cluster_id)
    left join neighbours using (facet, cluster_id)
    left join outdated using (facet, cluster_id)
    cross join query_table(settings)
    cross join query_table(build_info)
    where cluster_id <> clio_various().cluster_id
),

first_names as materialized (
    select facet, cluster_id, clio_name_raw(members, neighbours, criteria, terms, taken, []) as answer
    from requests cross join query_table(build_info)
    where last_name is null and provider <> 'local' and len(child_ids) > 1       -- a parent of one child is called as it is
    union all
    select
        facet, cluster_id,
        struct_pack(
            value := struct_pack(
                name := coalesce(last_name, topic),
                description := case when last_name is null then by_topic.description else last_description end
            ),
            status := 'ok', error := null::varchar
        )
    from requests left join by_topic using (facet, cluster_id)
    where last_name is not null or topic is not null
),

first_words as materialized (
    select
        facet, cluster_id, answer,
        clio_unsupported(clio_unreviewed(answer.value.name, answer.value.description, provider), lemmas) as unsupported
    from first_names inner join requests using (facet, cluster_id) cross join query_table(build_info)
    where answer.status = 'ok'
),

second_names as materialized (
    select
        facet, cluster_id, lemmas,
        clio_name_raw(
            members, neighbours, criteria, terms, taken, list_filter(unsupported, lambda word: word <> '')
        ) as answer
    from first_words inner join requests using (facet, cluster_id)
    where len(unsupported) > 0
),

supported_names as (
    select facet, cluster_id, answer from first_words where len(unsupported) = 0
    union all
    select facet, cluster_id, answer
    from second_names
    where answer.status = 'ok'
        and len(clio_unsupported(concat(answer.value.name, '. ', answer.value.description), lemmas)) = 0
),

-- of a last name that is a child's 'and more', that child's was audited
audited as materialized (
    select
        facet, cluster_id, answer,
        clio_audit_raw(clio_audited(regexp_replace(answer.value.name, ' and (much )?more$', ''), answer.value.description, provider)) as audit
    from supported_names cross join query_table(build_info)
)

select facet, cluster_id, answer.value as own
from audited cross join query_table(settings)
where coalesce(
    audit.status = 'ok' and audit.value.rating >= min_audit_rating and trim(answer.value.name) <> '',
    false
)
