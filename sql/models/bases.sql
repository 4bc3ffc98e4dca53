-- One row a figure and user behind it on the day it was last set: what is published is made of these.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value, user_id
--
-- A figure that followed every change would tell, from one build to the next, what a single person did. So the total of
-- a cluster is set anew only when the people who came and those who went are min_users together; or when nobody came or
-- went, and min_users people have more or fewer conversations in it. Its breakdowns go with it, each as a whole, so that
-- one build's values are of one day: and only if each value has exactly the conversations of before, or that is true of
-- it too. Values that pass no gate are told by none, and are looked at as one.
with

-- who is no longer in any conversation was erased: the number of them stays, nothing else of them
known_users as (
    select distinct user_id from conversations where user_id is not null
),

last_independent as (                                -- each counted in a build that did not tell apart who is independent
    select *, coalesce(independent_people, people) as independent from last_bases
),

last as (
    select
        relation, facet, cluster_id, breakdown, value, known_users.user_id,
        case when known_users.user_id is null then sum(people) else 1 end as people,
        coalesce(sum(people) filter (last_independent.user_id is null), 0) as nameless,   -- gone in a build before
        case when known_users.user_id is null then sum(independent) else max(independent) end as independent,
        coalesce(sum(independent) filter (last_independent.user_id is null), 0) as nameless_independent,
        sum(conversations) as conversations
    from last_independent left join known_users using (user_id)
    group by relation, facet, cluster_id, breakdown, value, known_users.user_id
),

days as (
    select 'today' as day, relation, facet, cluster_id, breakdown, value, user_id,
        case when user_id is null then 0 else 1 end as people, 0 as nameless,
        case when independent then 1 else 0 end as independent, 0 as nameless_independent, conversations
    from cells
    union all
    select 'last', relation, facet, cluster_id, breakdown, value, user_id, people, nameless,
        independent, nameless_independent, conversations
    from last
),

-- what was never told is set anew without a look
told_before as (
    select distinct relation, facet, cluster_id, breakdown from last
),

compared as (
    select days.* from days semi join told_before using (relation, facet, cluster_id, breakdown)
),

figures as (
    select
        relation, facet, cluster_id, breakdown, value, day,
        clio_gate(
            sum(people), sum(conversations), max(conversations) filter (user_id is not null),
            any_value(min_users), any_value(min_conversations), any_value(max_user_share)
        ) as passes
    from compared cross join settings
    group by relation, facet, cluster_id, breakdown, value, day
),

blocks as (
    select
        relation, facet, cluster_id, breakdown, value,
        case when bool_or(passes) then value else '' end as block,
        coalesce(bool_or(passes) filter (day = 'last'), false) as passed
    from figures
    group by relation, facet, cluster_id, breakdown, value
),

per_user as (
    select
        relation, facet, cluster_id, breakdown, block, user_id,
        bool_or(passed) as passed,
        coalesce(sum(conversations) filter (day = 'today'), 0) as now,
        coalesce(sum(conversations) filter (day = 'last'), 0) as before,
        coalesce(sum(people) filter (day = 'last' and user_id is null), 0) - sum(nameless) as gone,
        sum(nameless) as nameless,
        coalesce(sum(independent) filter (day = 'last' and user_id is null), 0) - sum(nameless_independent) as gone_independent,
        sum(nameless_independent) as nameless_independent,
        max(independent) > 0 as independent
    from compared inner join blocks using (relation, facet, cluster_id, breakdown, value)
    group by relation, facet, cluster_id, breakdown, block, user_id
),

moves as (
    select
        relation, facet, cluster_id, breakdown, block,
        bool_or(passed) as passed,
        bool_and(now = before) as same,
        count(*) filter (user_id is not null and now = 0 and before > 0) + sum(gone)
            -- who is nameless may be one of those who came: back again, and not two people
            + greatest(count(*) filter (user_id is not null and now > 0 and before = 0), sum(nameless)) as moved,
        -- near-identical texts of a few count for one of their users here too, see independent_texts
        count(*) filter (user_id is not null and independent and now = 0 and before > 0) + sum(gone_independent)
            + greatest(
                count(*) filter (user_id is not null and independent and now > 0 and before = 0), sum(nameless_independent)
            ) as moved_independent,
        count(*) filter (user_id is not null and independent and now <> before) as changed_independent
    from per_user
    group by relation, facet, cluster_id, breakdown, block
),

judged as (
    select
        relation, facet, cluster_id, breakdown, passed, same,
        -- one who came among people who only wrote more would be told by the number of people
        coalesce(moved_independent >= min_users or (moved = 0 and changed_independent >= min_users), false) as by_enough
    from moves cross join settings
),

totals as (
    select today.facet, today.cluster_id
    from (select distinct facet, cluster_id from cells) as today
    left join judged
        on judged.relation = 'clusters' and judged.facet = today.facet and judged.cluster_id = today.cluster_id
    where judged.relation is null or same or by_enough or not passed
),

-- what is set anew; all else stays as it was
renewed as (
    select lines.relation, lines.facet, lines.cluster_id, lines.breakdown
    from (select distinct relation, facet, cluster_id, breakdown from days) as lines
    inner join totals using (facet, cluster_id)
    left join judged using (relation, facet, cluster_id, breakdown)
    group by lines.relation, lines.facet, lines.cluster_id, lines.breakdown
    having lines.relation = 'clusters' or lines.breakdown = 'clusters'
        or bool_and(judged.relation is null or same or by_enough)
)

select
    relation::varchar as relation,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,             -- of level 0, or (other); also of clusters that are not shown today
    breakdown::varchar as breakdown,
    value::varchar as value,
    user_id::varchar as user_id,                   -- NULL: nobody, or gone
    people::integer as people,                     -- 1, or how many are gone
    independent::integer as independent_people,    -- of them, how many count towards thresholds
    conversations::bigint as conversations         -- on that day
from days left join renewed using (relation, facet, cluster_id, breakdown) cross join settings
where (days.day = 'today') = (renewed.relation is not null or mode = 'safety')    -- safety: for authorised people alone, exact
