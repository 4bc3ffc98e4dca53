-- One row per published cluster: what people ask for, at each level of the tree.
-- kind: view
-- grain: facet, cluster_id
with

-- as last published, see published_figures; a parent follows from its base clusters. Of users who are gone only a number is
-- left: a parent counts the largest number of any one base cluster, so that no user is counted twice
people as (
    select
        hierarchy.facet, hierarchy.cluster_id, published_figures.user_id,
        case when published_figures.user_id is null then max(published_figures.people) else 1 end as people,
        sum(published_figures.conversations) as conversations
    from (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from hierarchy) as hierarchy
    inner join published_figures on published_figures.facet = hierarchy.facet and published_figures.cluster_id = hierarchy.base_cluster_id
    where published_figures.relation = 'clusters'
    group by hierarchy.facet, hierarchy.cluster_id, published_figures.user_id
),

counted as (
    select facet, cluster_id, sum(conversations) as conversations, sum(people) as users
    from people
    group by all
),

shown as (
    select
        hierarchy.facet, hierarchy.level, hierarchy.cluster_id, hierarchy.parent_id,
        coalesce(renamed.name, hierarchy.name) as name, hierarchy.description,
        counted.conversations, counted.users, layout.x, layout.y,
        case
            when renamed.name is not null then 'renamed'
            when facets.kind = 'taxonomy' then 'taxonomy'
            when provider = 'local' and clio_unreviewed(hierarchy.name, '', provider) <> concat(hierarchy.name, '. ') then 'topic'
            else 'found'
        end as name_source,
        -- a parent is loose if all of its base clusters are
        (
            select bool_and(loose) from cluster_quality
            where facet = hierarchy.facet and list_contains(hierarchy.base_cluster_ids, cluster_id)
        ) as loose
    from hierarchy
    inner join counted using (facet, cluster_id)
    left join layout using (facet, cluster_id)
    left join facets using (facet)
    cross join build_info
    left join (from renamed_clusters where reason is null) as renamed using (facet, cluster_id)
),

-- everything held back, as one row at the top, if it passes the gate itself, both as last published and today
held_users as (
    select 'basis' as day, facet, user_id, people, independent_people as independent, conversations
    from published_figures
    where relation = 'clusters' and cluster_id = '(other)'
    union all
    select
        'today', facet, user_id, case when user_id is null then 0 else 1 end, case when independent then 1 else 0 end, conversations
    from cells
    where relation = 'clusters' and cluster_id = '(other)'
),

held as (
    select
        facet, day,
        sum(conversations) as conversations,
        sum(people) as users,
        sum(independent) as independent,
        max(conversations) filter (user_id is not null) as most
    from held_users
    group by facet, day
),

held_and_passing as (
    select
        facet,
        max(conversations) filter (day = 'basis') as conversations,
        max(users) filter (day = 'basis') as users
    from held
    cross join settings
    cross join (
        select min_users + clio_margin(salt, 'cluster/(other)', cell_margin) as required_users from settings cross join margins
    )
    group by facet
    having bool_or(mode = 'safety')                  -- for authorised staff alone: no gate
        or count(*) = 2 and bool_and(clio_gate(independent, conversations, most, required_users, min_conversations, max_user_share))
),

other as (
    select
        held.facet, tops.level, '(other)' as cluster_id, null as parent_id, '(other)' as name,
        'Conversations that no published cluster holds.' as description,
        held.conversations, held.users, null as x, null as y, null as loose, null as name_source
    from held_and_passing as held
    inner join (select facet, max(level) as level from hierarchy group by facet) as tops using (facet)
),

rounded as (
    select
        facet, level, cluster_id, parent_id, name, description, x, y, loose, name_source,
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from (from shown union all by name from other) cross join settings
    where round_to is not null
),

-- a parent that is the same as its only child: the chain of names is to be read once
only_children as (
    select parent.facet, parent.cluster_id
    from rounded as parent inner join rounded as child on child.facet = parent.facet and child.parent_id = parent.cluster_id
    group by parent.facet, parent.cluster_id, parent.name, parent.description
    having count(*) = 1 and any_value(child.name) = parent.name
        and any_value(child.description) is not distinct from parent.description
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
    name::varchar as name,                          -- audited: no word that too few users wrote, or a person's own word
    description::varchar as description,            -- one or two sentences, audited like the name
    conversations::bigint as conversations,         -- rounded, see about.round_to
    users::bigint as users,                         -- distinct users, rounded
    (conversations / nullif(published, 0))::double as share,   -- of the published conversations of the facet
    x::float as x,                                  -- place on the map, -1 to 1
    y::float as y,                                  -- place on the map, -1 to 1
    name_source::varchar as name_source,            -- found: of words that enough users wrote; topic: all or a part of it is one of clio_topics; renamed: a person named it, see corrections; taxonomy: the analysis did; NULL: no cluster
    loose::boolean as loose,                        -- at least a third of its users are mostly near the border to another cluster; NULL: no cluster
    (only_children.cluster_id is not null)::boolean as only_child    -- it has one child, whose name and description are its own: show the two once
from rounded
inner join totals using (facet)
left join only_children using (facet, cluster_id)
order by facet, level desc, conversations desc, cluster_id
