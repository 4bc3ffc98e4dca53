-- One row per shown cluster and measure of which one or two users have too much, as last published or today.
-- kind: table
-- grain: facet, cluster_id, measure
-- A mean times the number of conversations is a sum: where nearly all of it is one user's, it reveals what is theirs. Negative
-- numbers count as positive ones. Conversations without a user, and those of users who are gone, count as one user's. Sums are
-- made in order, so that each build comes to the same to the last bit.
with

tree as (
    select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy
),

days as (
    select 'basis' as day, facet, cluster_id as base_cluster_id, measure, user_id, amounts from measured_figures
    union all
    select 'today', facet, cluster_id, measure, user_id, amounts from measured_users
),

per_user as (
    select
        tree.facet, tree.cluster_id, days.measure, days.day, days.user_id,
        list_sum(list_transform(list_sort(flatten(list(days.amounts))), lambda amount: abs(amount))) as amount
    from tree inner join days using (facet, base_cluster_id)
    group by tree.facet, tree.cluster_id, days.measure, days.day, days.user_id
),

summed as (
    select
        facet, cluster_id, measure, day,
        max(amount) as most,
        list_sum(max(amount, 2)) as two,
        list_sum(list(amount order by amount)) as total
    from per_user
    group by facet, cluster_id, measure, day
)

select distinct
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    measure::varchar as measure
from summed cross join settings
where clio_dominated(most, two, total, max_user_share)
