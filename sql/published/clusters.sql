-- One row a published cluster: what people ask for, at each level of the tree.
-- kind: view
-- grain: facet, cluster_id
with

counted as (
    select facet, level, cluster_id, count(*) as conversations, count(distinct user_id) as users
    from memberships
    group by all
),

shown as (
    select
        hierarchy.facet, hierarchy.level, hierarchy.cluster_id, hierarchy.parent_id,
        hierarchy.name, hierarchy.description, counted.conversations, counted.users, layout.x, layout.y
    from hierarchy
    inner join counted using (facet, level, cluster_id)
    left join layout using (facet, cluster_id)
),

-- all that is held back, as one row at the top, if it would pass the gate itself
held_users as (
    select facet, user_id, count(*) as conversations
    from suppressed
    group by all
),

held as (
    select
        facet,
        sum(conversations) as conversations,
        count(user_id) as users,
        coalesce(max(conversations) filter (user_id is not null), 0) / sum(conversations) as top_user_share
    from held_users
    group by facet
),

other as (
    select
        held.facet, tops.level, '(other)' as cluster_id, null as parent_id, '(other)' as name,
        'Conversations that no published cluster holds.' as description,
        held.conversations, held.users, null as x, null as y
    from held
    cross join settings
    inner join (select facet, max(level) as level from hierarchy group by facet) as tops using (facet)
    where mode = 'safety' or coalesce(              -- safety: for authorised people alone, no gate
        held.users >= min_users and held.conversations >= min_conversations and top_user_share <= max_user_share, false
    )
),

rounded as (
    select
        facet, level, cluster_id, parent_id, name, description, x, y,
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from (from shown union all by name from other) cross join settings
    where round_to is not null
),

totals as (
    select facet, sum(conversations) as published
    from rounded
    where parent_id is null
    group by facet
)

select
    facet::varchar as facet,                        -- which facet was clustered
    level::integer as level,                        -- 0 is the base, the highest is the top
    cluster_id::varchar as cluster_id,              -- unique within a facet
    parent_id::varchar as parent_id,                -- the cluster one level up; NULL at the top
    name::varchar as name,
    description::varchar as description,
    conversations::bigint as conversations,         -- rounded, see about.round_to
    users::bigint as users,                         -- distinct people, rounded
    (conversations / nullif(published, 0))::double as share,   -- of the published conversations of the facet
    x::float as x,                                  -- place on the map, -1 to 1
    y::float as y
from rounded inner join totals using (facet)
order by facet, level desc, conversations desc, cluster_id
