-- clio_compared(pairs, clusters, cells, trends, about): how the clusters of each level differ between two values of a breakdown.
-- Reads published tables alone, given by name, so it reveals nothing that they do not. pairs: breakdown, value_a, value_b.
--
-- A share is the part of the conversations of a value that the cluster has, of those in the clusters of its level of which both
-- values are known: published, or none, which shows where the published values add up to the cluster but for rounding.
-- The interval holds for other users: its unit is the user, not the conversation. Of a cluster and value users and conversations are published. If users
-- write at random, the squares of their numbers add up to conversations * (2 * conversations / users - 1), which is the
-- variance of the conversations; that of a share follows (a ratio of sums), with the rounding. Users are taken as different
-- ones in both values; where they are the same the interval is too wide rather than too narrow.
-- q: Benjamini and Hochberg, over the clusters of a level and pair.
create or replace macro clio_compared(pairs, clusters, cells, trends, about) as table
with

all_cells as (
    select facet, cluster_id, breakdown, value, conversations, users from query_table(cells)
    union all
    select facet, cluster_id, 'period', strftime(period::date, '%Y-%m-%d'), conversations, users from query_table(trends)
),

per_cluster as (
    select
        named.facet, named.level, named.cluster_id, all_cells.breakdown,
        any_value(named.conversations) / any_value(named.users) as per_user,
        case
            when any_value(named.conversations) - sum(all_cells.conversations) < any_value(min_conversations_cell) / 2 then 0
        end as nothing
    from all_cells inner join query_table(clusters) as named using (facet, cluster_id) cross join query_table(about)
    group by named.facet, named.level, named.cluster_id, all_cells.breakdown
),

-- variance: of the number of conversations, if other users of the same kind had come
measured as (
    select
        facet, level, cluster_id, breakdown, value, all_cells.conversations,
        all_cells.conversations * greatest(1, 2 * coalesce(all_cells.conversations / nullif(all_cells.users, 0), per_user) - 1) as variance
    from per_cluster inner join all_cells using (facet, cluster_id, breakdown)
),

paired as (
    select
        per_cluster.facet, per_cluster.level, per_cluster.cluster_id, per_cluster.breakdown, value_a, value_b,
        coalesce(of_a.conversations, nothing) as a,
        coalesce(of_b.conversations, nothing) as b,
        coalesce(of_a.variance, 0) + 1 + power(round_to, 2) / 12 as variance_a,
        coalesce(of_b.variance, 0) + 1 + power(round_to, 2) / 12 as variance_b
    from per_cluster
    inner join query_table(pairs) as pair using (breakdown)
    left join measured as of_a
        on of_a.facet = per_cluster.facet and of_a.cluster_id = per_cluster.cluster_id and of_a.breakdown = per_cluster.breakdown
        and of_a.value = pair.value_a
    left join measured as of_b
        on of_b.facet = per_cluster.facet and of_b.cluster_id = per_cluster.cluster_id and of_b.breakdown = per_cluster.breakdown
        and of_b.value = pair.value_b
    cross join query_table(about)
),

known as (
    select
        *,
        sum(a) over level_of_pair as all_a, sum(b) over level_of_pair as all_b,
        sum(variance_a) over level_of_pair as all_variance_a, sum(variance_b) over level_of_pair as all_variance_b
    from paired
    where a + b > 0
    window level_of_pair as (partition by facet, level, breakdown, value_a, value_b)
    qualify count(*) over level_of_pair > 1                -- one alone has all of both
),

shares as (
    select
        *, a / all_a as share_a, b / all_b as share_b,
        sqrt(
            (power(1 - a / all_a, 2) * variance_a + power(a / all_a, 2) * (all_variance_a - variance_a)) / power(all_a, 2)
            + (power(1 - b / all_b, 2) * variance_b + power(b / all_b, 2) * (all_variance_b - variance_b)) / power(all_b, 2)
        ) as error
    from known
    where all_a > 0 and all_b > 0
),

tested as (
    select *, share_a - share_b as difference, clio_two_sided((share_a - share_b) / nullif(error, 0)) as p
    from shares
),

ranked as (
    select
        *,
        p * count(*) over (partition by facet, level, breakdown, value_a, value_b)
            / row_number() over (partition by facet, level, breakdown, value_a, value_b order by p, cluster_id) as adjusted
    from tested
)

select
    facet, level, cluster_id, breakdown, value_a, value_b, share_a, share_b, difference,
    greatest(-1, difference - 1.96 * error) as low,
    least(1, difference + 1.96 * error) as high,
    -- the least of what this and all larger p come to
    least(1, min(adjusted) over (
        partition by facet, level, breakdown, value_a, value_b order by p desc, cluster_id desc
    )) as q
from ranked
