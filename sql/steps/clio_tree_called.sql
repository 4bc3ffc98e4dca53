-- clio_tree_called(families, passing): what each parent is called. One row per parent: the columns of a level of the tree.
-- A parent without a name that passed is called by its two largest children, or by the largest alone: their names did
-- pass. Names of siblings differ: a name that a sibling may have to fall back on is left to it.
create or replace macro clio_tree_called(families, passing) as table
with

callable as materialized (
    select
        family.*,
        own,
        row_number() over (partition by facet, lower(own.name) order by conversations desc, cluster_id) as turn,
        child_names[1] as short_name,
        concat(
            child_names[1], ' and ',
            case
                when regexp_matches(child_names[2], '^\p{Lu}(\p{Ll}| )') then concat(lower(child_names[2][1]), child_names[2][2:])
                else child_names[2]
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
        own.name is not null and turn = 1 and not exists (
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
