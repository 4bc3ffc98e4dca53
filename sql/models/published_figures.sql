-- One row per published figure and user, as of the build that last updated it: what is published is counted from these.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value, user_id
-- kept: last
-- A figure that followed every change would show, from one build to the next, what a single user did. So the total of a
-- cluster is updated only when enough users changed (user_changes). A breakdown is updated only together with its total, all
-- values at once, and only if enough users changed for each value.
with

days as materialized (
    from figure_days
),

totals as (
    select today.facet, today.cluster_id
    from (select distinct facet, cluster_id from cells) as today
    left join user_changes as changes
        on changes.relation = 'clusters' and changes.facet = today.facet and changes.cluster_id = today.cluster_id
    where changes.relation is null or same or by_enough or not passed
),

-- what is updated; everything else stays as it was last published
updated as (
    select lines.relation, lines.facet, lines.cluster_id, lines.breakdown
    from (select distinct relation, facet, cluster_id, breakdown from days) as lines
    inner join totals using (facet, cluster_id)
    left join user_changes as changes using (relation, facet, cluster_id, breakdown)
    group by lines.relation, lines.facet, lines.cluster_id, lines.breakdown
    having lines.relation = 'clusters' or lines.breakdown = 'clusters'
        or bool_and(changes.relation is null or same or by_enough)
)

select
    relation::varchar as relation,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- of level 0, or (other); also of clusters that are not shown today
    breakdown::varchar as breakdown,
    value::varchar as value,
    user_id::varchar as user_id,                   -- NULL: users who are gone, and rows without a user id
    people::integer as people,                     -- 1, or how many are gone
    independent::integer as independent_people,    -- of them, how many count towards thresholds
    conversations::bigint as conversations         -- on that day
from days left join updated using (relation, facet, cluster_id, breakdown) cross join settings
where (days.day = 'today') = (updated.relation is not null or mode = 'safety')    -- safety: for authorised staff alone, exact
