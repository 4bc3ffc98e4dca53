-- One row per figure that differs from the last published one through fewer than min_users users. No rows = pass.
--
-- The users who came or went are none or at least min_users; if none did, at least min_users had more or fewer conversations.
with

days as (                                                 -- independent: users who count towards thresholds
    select
        'now' as day, relation, facet, cluster_id, breakdown, value, user_id, people, independent_people as independent, conversations
    from published_figures
    union all
    select
        'last', relation, facet, cluster_id, breakdown, value, user_id, people, independent_people, conversations
    from figures_before
),

figures as (
    select
        relation, facet, cluster_id, breakdown, value, day,
        sum(conversations) as conversations,
        sum(people) as users,
        sum(independent) >= any_value(if(relation in ('clusters', 'held_back'), min_users, coalesce(min_users_cell, min_users)))
            and sum(conversations) >= any_value(if(relation in ('clusters', 'held_back'), min_conversations, coalesce(min_conversations_cell, min_conversations)))
            -- 0 if all users behind it have gone since
            and coalesce(max(conversations) filter (user_id is not null), 0) <= any_value(max_user_share) * sum(conversations)
            as passes
    from days cross join settings
    where breakdown <> 'clusters'                         -- a number of clusters, with no user behind it
    group by relation, facet, cluster_id, breakdown, value, day
),

-- published both times; what was below the gate was published of no user
moved as (
    select relation, facet, cluster_id, breakdown, value
    from figures
    group by relation, facet, cluster_id, breakdown, value
    having count(*) = 2 and bool_and(passes)
        and (min(conversations) <> max(conversations) or min(users) <> max(users))
),

people as (
    select
        relation, facet, cluster_id, breakdown, value, user_id,
        min(day) as day, count(*) as times, min(conversations) <> max(conversations) as changed, max(independent) > 0 as counts
    from days semi join moved using (relation, facet, cluster_id, breakdown, value)
    where user_id is not null
    group by relation, facet, cluster_id, breakdown, value, user_id
),

-- users who were gone before, and are not counted any more, went too; those who are back are among those who came
gone as (
    select relation, facet, cluster_id, breakdown, value, sum(people) as people, sum(independent) as independent
    from days semi join moved using (relation, facet, cluster_id, breakdown, value)
    where user_id is null and day = 'last'
    group by relation, facet, cluster_id, breakdown, value
)

select moved.relation, moved.facet, moved.cluster_id, moved.breakdown
from moved
left join people using (relation, facet, cluster_id, breakdown, value)
left join gone using (relation, facet, cluster_id, breakdown, value)
cross join settings
where mode is distinct from 'safety'
group by moved.relation, moved.facet, moved.cluster_id, moved.breakdown, moved.value
having not coalesce(
    count(*) filter (counts and people.times = 1 and people.day = 'last')
        + greatest(count(*) filter (counts and people.times = 1 and people.day = 'now'), coalesce(any_value(gone.independent), 0))
        >= any_value(min_users)
    or count(*) filter (people.times = 1) + coalesce(any_value(gone.people), 0) = 0
        and count(*) filter (counts and people.changed) >= any_value(min_users),
    false
)
