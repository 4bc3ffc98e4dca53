-- One row per parent, or held-back total, whose parts do not add up to it within the rounding of each. No rows = pass.
with

parts as (
    select facet, parent_id as cluster_id, conversations from clusters where parent_id is not null
    union all
    select facet, '(other)', conversations from held_back
),

sums as (
    select facet, cluster_id, sum(conversations) as conversations, count(*) as figures
    from parts
    group by all
)

select clusters.facet, clusters.cluster_id
from clusters left join sums using (facet, cluster_id) cross join settings
where (clusters.level > 0 or clusters.cluster_id = '(other)')
    and not coalesce(
        abs(clusters.conversations - sums.conversations) <= round_to / 2 * (sums.figures + 1),
        clusters.cluster_id = '(other)'                  -- with one level there are no parents
    )
