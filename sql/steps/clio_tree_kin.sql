-- clio_tree_kin(last_level, parents, directions): which parent each cluster goes to, once parents whose children have little in
-- common are not made. One row per cluster: facet, cluster_id, parent, kept_id; as clio_tree_parents returns them.
-- Children of such a parent go to the nearest one whose children do have something in common with them. Where there is none, they
-- stand under one parent, clio_various, if the level is the top, and each under a parent of its own below it. Only where centroids
-- decide: otherwise a model has judged. A parent that the last tree had stays.
create or replace macro clio_tree_kin(last_level, parents, directions) as table
with

given as (from query_table(parents)),

placed as materialized (
    select below.facet, below.cluster_id, is_top, parent, kept_id, direction
    from (select *, unnest(base_cluster_ids) as base_cluster_id from query_table(last_level) where tree_by = 'centroids') as below
    inner join given using (facet, cluster_id)
    inner join query_table(directions) as own on own.facet = below.facet and own.cluster_id = below.base_cluster_id
),

not_made as materialized (
    select one.facet, one.parent
    from placed as one
    inner join placed as two on two.facet = one.facet and two.parent = one.parent and two.cluster_id > one.cluster_id
    where one.kept_id is null and one.parent <> clio_various().cluster_id
    group by one.facet, one.parent
    having not clio_alike_enough(avg(list_cosine_similarity(one.direction, two.direction)))
),

adrift as materialized (from placed semi join not_made using (facet, parent)),

nearest as (
    select adrift.facet, adrift.cluster_id, made.parent
    from adrift
    inner join (from placed anti join not_made using (facet, parent)) as made
        on made.facet = adrift.facet and made.parent <> clio_various().cluster_id
    group by adrift.facet, adrift.cluster_id, made.parent
    having clio_alike_enough(avg(list_cosine_similarity(adrift.direction, made.direction)))
    qualify row_number() over (
        partition by adrift.facet, adrift.cluster_id
        order by avg(list_cosine_similarity(adrift.direction, made.direction)) desc, made.parent
    ) = 1
),

moved as (
    select distinct
        adrift.facet, adrift.cluster_id,
        coalesce(nearest.parent, case when is_top then clio_various().cluster_id end) as parent
    from adrift left join nearest using (facet, cluster_id)
),

settled as (
    from given anti join moved using (facet, cluster_id)
    union all by name
    from moved
)

select facet, cluster_id, parent, kept_id from settled
