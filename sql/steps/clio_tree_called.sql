-- clio_tree_called(families, passing): what each parent is called. One row per parent: the columns of a level of the tree.
-- A parent without a name that passed is called by what its two largest children are about, or by the largest alone: their
-- names did pass. Names of siblings differ: a name that a sibling may have to fall back on is left to it. A parent of one child is
-- called as it is.
create or replace macro clio_tree_called(families, passing) as table
with

callable as materialized (
    select
        family.*,
        own,
        row_number() over (partition by facet, lower(own.name) order by conversations desc, cluster_id) as turn,
        child_names[1] as short_name,
        -- what they are about: 'a hotel room' of 'Find a hotel room', the first of two topics; if all are about one topic, …
        list_transform(
            child_names,
            lambda child: regexp_replace(split_part(child, ', ', 1), '^\p{Lu}\p{Ll}+ (a|an|the|my|some|your) (\p{L})', '\2')
        ) as objects,
        -- … its second topic
        coalesce(
            list_filter(objects, lambda object: lower(object) <> lower(objects[1]))[1],
            nullif(split_part(child_names[1], ', ', 2), ''), nullif(split_part(child_names[2], ', ', 2), '')
        ) as second_object,
        concat(upper(objects[1][1]), objects[1][2:]) || case when contains(objects[1], ' and ') then ', ' else ' and ' end || (
            case
                when regexp_matches(second_object, '^\p{Lu}(\p{Ll}| )') then concat(lower(second_object[1]), second_object[2:])
                else second_object
            end
        ) as long_name
    from query_table(families) as family left join query_table(passing) using (facet, cluster_id)
),

left_to as materialized (
    select facet, cluster_id, unnest([lower(short_name), lower(long_name)]) as name from callable
),

named as (
    select
        callable.*,
        own.name is not null and len(child_ids) > 1 and turn = 1 and not exists (
            select 1 from left_to
            where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                and left_to.name = lower(own.name)
        ) as by_own_name,
        len(child_names) > 1 and len(string_split(long_name, ' ')) <= 10 and not exists (
            select 1 from left_to
            where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                and left_to.name = lower(long_name)
        ) as by_long_name
    from callable
)

select
    facet, level, cluster_id,
    case when by_own_name then own.name when by_long_name then long_name else short_name end as name,
    case when by_own_name then own.description else child_descriptions[1] end as description,
    conversations, base_cluster_ids, child_ids
from named
