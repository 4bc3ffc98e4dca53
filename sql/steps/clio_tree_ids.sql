-- clio_tree_ids(families, base_clusters, last_hierarchy, used_ids, trees, settings): families with an id each that stays
-- over builds, and with the last name where it is kept. Returns the columns of families, cluster_id, last_name,
-- last_description.
-- A new parent takes the id of the last build's parent with most conversations in common, if that is mutual and they
-- are at least a third of both together. Otherwise it gets a number that was never used.
create or replace macro clio_tree_ids(families, base_clusters, last_hierarchy, used_ids, trees, settings) as table
with

unnamed as (from query_table(families)),

last_parents as materialized (
    select facet, level, cluster_id, name, description, unnest(base_cluster_ids) as base_cluster_id
    from query_table(last_hierarchy)
    where cluster_id <> clio_various().cluster_id                 -- it has nothing to be known again by
),

fresh as (
    select facet, level, number, unnest(base_cluster_ids) as base_cluster_id from unnamed where kept_id is null
),

common as materialized (
    select fresh.facet, fresh.number, last_parents.cluster_id, sum(sizes.conversations) as common
    from fresh
    inner join last_parents using (facet, level, base_cluster_id)
    inner join query_table(base_clusters) as sizes on sizes.facet = fresh.facet and sizes.cluster_id = fresh.base_cluster_id
    anti join unnamed on unnamed.facet = fresh.facet and unnamed.kept_id = last_parents.cluster_id
    group by all
),

measured as (
    select facet, number, cluster_id, clio_overlap(
        common, sum(common) over (partition by facet, number), sum(common) over (partition by facet, cluster_id)
    ) as overlap
    from common
),

ranked as (
    select
        *,
        row_number() over (partition by facet, number order by overlap desc, cluster_id) as place,
        row_number() over (partition by facet, cluster_id order by overlap desc, number) as last_place
    from measured
),

matched as materialized (
    select facet, number, cluster_id, overlap
    from ranked
    where place = 1 and last_place = 1 and overlap >= 1 / 3
),

used as (
    select facet, split_part(cluster_id, '_', 1) as kind, max(try_cast(split_part(cluster_id, '_', 2) as integer)) as last_number
    from query_table(used_ids)
    group by all
),

numbered as materialized (
    select
        unnamed.*,
        coalesce(kept_id, matched.cluster_id) as last_id,
        coalesce(last_id, concat('p', level, '_', lpad(cast(
            coalesce(last_number, 0)
            + count(*) filter (last_id is null) over (partition by unnamed.facet order by unnamed.number)
            as varchar
        ), 4, '0'))) as cluster_id,
        kept_id is not null or coalesce(overlap >= keep_name_similarity, false) and not exists (
            select 1 from query_table(trees) as grown where grown.facet = unnamed.facet and grown.reason = 'settings'
        ) as keeps_name
    from unnamed
    left join matched using (facet, number)
    left join used on used.facet = unnamed.facet and used.kind = concat('p', level)
    cross join query_table(settings)
),

last_names as (select distinct facet, cluster_id, name, description from last_parents)

select
    numbered.* exclude (number, kept_id, last_id, keeps_name),
    last_names.name as last_name, last_names.description as last_description
from numbered
left join last_names
    on last_names.facet = numbered.facet and last_names.cluster_id = numbered.last_id and numbered.keeps_name
