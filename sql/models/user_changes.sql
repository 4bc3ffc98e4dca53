-- One row per figure that was published: whether enough users came, left or changed since then to publish it again.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value
-- Values of a breakdown that pass the gate on neither day are not published; they are judged together, as the value ''.
with

published_before as (
    select distinct relation, facet, cluster_id, breakdown from figures_before
),

days as materialized (
    select figure_days.* from figure_days semi join published_before using (relation, facet, cluster_id, breakdown)
),

required as (                                        -- cells have thresholds of their own
    select
        relation,
        if(relation in ('cluster_facets', 'cluster_trends', 'cluster_measures'), coalesce(min_users_cell, min_users), min_users) as required_users,
        if(relation in ('cluster_facets', 'cluster_trends', 'cluster_measures'), coalesce(min_conversations_cell, min_conversations), min_conversations) as required_conversations
    from (select distinct relation from published_before) cross join settings
),

gated as (
    select
        relation, facet, cluster_id, breakdown, value, day,
        clio_gate(
            sum(people), sum(conversations), max(conversations) filter (user_id is not null),
            any_value(required_users), any_value(required_conversations), any_value(max_user_share)
        ) as passes
    from days inner join required using (relation) cross join settings
    group by relation, facet, cluster_id, breakdown, value, day
),

judged_as as (
    select
        relation, facet, cluster_id, breakdown, value,
        case when bool_or(passes) then value else '' end as judged_value,
        coalesce(bool_or(passes) filter (day = 'last'), false) as passed
    from gated
    group by relation, facet, cluster_id, breakdown, value
),

per_user as (
    select
        relation, facet, cluster_id, breakdown, judged_value, user_id,
        bool_or(passed) as passed,
        coalesce(sum(conversations) filter (day = 'today'), 0) as now,
        coalesce(sum(conversations) filter (day = 'last'), 0) as before,
        coalesce(sum(people) filter (day = 'last' and user_id is null), 0) - sum(nameless) as gone,
        sum(nameless) as nameless,
        coalesce(sum(independent) filter (day = 'last' and user_id is null), 0) - sum(nameless_independent) as gone_independent,
        sum(nameless_independent) as nameless_independent,
        max(independent) > 0 as independent
    from days inner join judged_as using (relation, facet, cluster_id, breakdown, value)
    group by relation, facet, cluster_id, breakdown, judged_value, user_id
),

moves as (
    select
        relation, facet, cluster_id, breakdown, judged_value,
        bool_or(passed) as passed,
        bool_and(now = before) as same,
        count(*) filter (user_id is not null and now = 0 and before > 0) + sum(gone)
            -- a user who leaves and returns counts once: those who were gone may be among those who came
            + greatest(count(*) filter (user_id is not null and now > 0 and before = 0), sum(nameless)) as moved,
        -- near-identical texts of a few users count for one of them, see independent_texts
        count(*) filter (user_id is not null and independent and now = 0 and before > 0) + sum(gone_independent)
            + greatest(
                count(*) filter (user_id is not null and independent and now > 0 and before = 0), sum(nameless_independent)
            ) as moved_independent,
        count(*) filter (user_id is not null and independent and now <> before) as changed_independent
    from per_user
    group by relation, facet, cluster_id, breakdown, judged_value
)

select
    relation::varchar as relation,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    breakdown::varchar as breakdown,
    judged_value::varchar as value,
    passed::boolean as passed,                       -- the gate, as last published
    same::boolean as same,                           -- every user has as many conversations as then
    -- users who came and left are min_users; or none did, and min_users have more or fewer conversations: one who came
    -- among users who only wrote more would show in the number of users
    coalesce(moved_independent >= min_users or (moved = 0 and changed_independent >= min_users), false)::boolean as by_enough
from moves cross join settings
