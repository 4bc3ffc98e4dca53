-- clio_tree_called(families, passing, last_level, base_clusters): what each parent is called. One row per parent: the columns of a
-- level of the tree. A parent without a name that passed is called by what its two largest children are about, or by the largest and
-- more: their names did pass. No name is another's, of this level or of those below: a name that a sibling may have to fall back on is
-- left to it. A parent of one child is called as it is.
create or replace macro clio_tree_called(families, passing, last_level, base_clusters) as table
with

callable as materialized (
    select
        family.*,
        own,
        row_number() over (partition by facet, lower(own.name) order by conversations desc, cluster_id) as turn,
        case
            when len(child_names) = 1 then child_names[1]
            when child_names[1] like '% and more' then regexp_replace(child_names[1], 'more$', 'much more')
            else child_names[1] || ' and more'
        end as short_name,
        -- what they are about: 'a hotel room' of 'Find a hotel room', the first of two topics; if all are about one topic, …
        list_transform(
            child_names,
            lambda child: regexp_replace(split_part(regexp_replace(child, ' and (much )?more$', ''), ', ', 1), '^\p{Lu}\p{Ll}+ (a|an|the|my|some|your) (\p{L})', '\2')
        ) as objects,
        -- … its second topic. Two objects that share no word say more: 'Virtual card and disposable virtual card' is the last resort
        list_transform(
            objects,
            lambda object: list_transform(regexp_extract_all(lower(object), '\p{L}{3,}'), lambda word: word[:6])
        ) as beginnings,
        coalesce(
            [object for object, place in objects if lower(object) <> lower(objects[1]) and not list_has_any(beginnings[place], beginnings[1])][1],
            list_filter(objects, lambda object: lower(object) <> lower(objects[1]))[1],
            nullif(split_part(child_names[1], ', ', 2), ''), nullif(split_part(child_names[2], ', ', 2), '')
        ) as second_object,
        concat(upper(objects[1][1]), objects[1][2:]) || case when contains(objects[1], ' and ') or contains(second_object, ' and ') then ', ' else ' and ' end || (
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

below as materialized (
    select facet, lower(name) as name from query_table(last_level)
    union
    select facet, lower(name) from query_table(base_clusters)
),

taken as (
    from below
    union all
    select facet, lower(clio_various().name) from query_table(families)
),

named as (
    select
        callable.*,
        own.name is not null and len(child_ids) > 1 and turn = 1 and not exists (
            select 1 from left_to
            where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                and left_to.name = lower(own.name)
        ) and not exists (
            select 1 from taken where taken.facet = callable.facet and taken.name = lower(own.name)
        ) as by_own_name,
        len(child_names) > 1 and len(string_split(long_name, ' ')) <= 10 and not exists (
            select 1 from left_to
            where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                and left_to.name = lower(long_name)
        ) and not exists (
            select 1 from taken where taken.facet = callable.facet and taken.name = lower(long_name)
        ) as by_long_name
    from callable
)

select
    facet, level, cluster_id,
    case
        when cluster_id = clio_various().cluster_id then clio_various().name || case
            when exists (select 1 from below where below.facet = named.facet and below.name = lower(clio_various().name)) then ' and more'
            else ''
        end
        when by_own_name then own.name
        when by_long_name then long_name
        else short_name
    end as name,
    case
        when cluster_id = clio_various().cluster_id then clio_various().description
        when by_own_name then own.description
        else child_descriptions[1]
    end as description,
    conversations, base_cluster_ids, child_ids
from named
