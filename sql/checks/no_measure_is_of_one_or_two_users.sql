-- One row per published measure of a cluster that one user has more than max_user_share of, or two users more than 80%, on the
-- day of its figures or today. No rows = pass.
with

amounts as (
    select 'basis' as day, facet, cluster_id as base_cluster_id, measure, user_id, unnest(amounts) as amount from measured_figures
    union all
    select 'today', assignments.facet, assignments.cluster_id, measured.measure, segments.user_id, measured.amount
    from assignments
    inner join segments using (conversation_id)
    inner join measured using (conversation_id)
),

per_user as (
    select
        tree.facet, tree.cluster_id, amounts.measure, amounts.day, amounts.user_id,
        sum(abs(amounts.amount)) as amount, count(*) as conversations
    from (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as tree
    inner join amounts using (facet, base_cluster_id)
    group by tree.facet, tree.cluster_id, amounts.measure, amounts.day, amounts.user_id
),

ranked as (
    select
        *, sum(amount) over of_measure as total, amount + coalesce(lead(amount) over (of_measure order by amount desc), 0) as two
    from per_user
    window of_measure as (partition by facet, cluster_id, measure, day)
)

select distinct ranked.facet, ranked.cluster_id, ranked.measure
from cluster_measures
inner join ranked using (facet, cluster_id, measure)
cross join settings
where mode is distinct from 'safety'
    and not coalesce(amount <= max_user_share * total and (two <= 0.8 * total or max_user_share > 0.8), false)
