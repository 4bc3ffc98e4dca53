-- One row per published cluster, counted with noise: what `clusters` is in the published file where epsilon is set.
-- kind: view
-- grain: facet, cluster_id
with

-- the thresholds are held against the noisy figures, too
base as (
    select facet, cluster_id as base_cluster_id, conversations, users
    from noise cross join settings
    where relation = 'clusters' and coalesce(users >= min_users and conversations >= min_conversations, false)
),

tree as (
    select
        facet, level, cluster_id, parent_id, coalesce(renamed.name, hierarchy.name) as name, description,
        case
            when renamed.name is not null then 'renamed'
            when facets.kind = 'taxonomy' then 'taxonomy'
            when provider = 'local' and clio_unreviewed(hierarchy.name, '', provider) <> concat(hierarchy.name, '. ') then 'topic'
            else 'found'
        end as name_source,
        unnest(base_cluster_ids) as base_cluster_id
    from hierarchy
    left join facets using (facet)
    left join (from renamed_clusters where reason is null) as renamed using (facet, cluster_id)
    cross join build_info
),

-- a parent is the sum of its published children, which reveals no more than they do
summed as (
    select
        facet, level, cluster_id, parent_id, name, description, name_source,
        sum(conversations) as conversations, sum(users) as users
    from tree inner join base using (facet, base_cluster_id)
    group by all
),

rounded as (
    select
        summed.* exclude (conversations, users),
        round(conversations / round_to) * round_to as conversations,
        round(users / round_to) * round_to as users
    from summed cross join settings
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
    rounded.level::integer as level,                -- 0 is the base, the highest is the top
    rounded.cluster_id::varchar as cluster_id,      -- unique within a facet
    parent_id::varchar as parent_id,                -- the cluster one level up; NULL at the top
    name::varchar as name,
    description::varchar as description,
    conversations::bigint as conversations,         -- at most conversations_per_user of each person, with noise, rounded
    least(users, conversations)::bigint as users,   -- so, too; no more than conversations. A person counts in each base cluster they are in
    (conversations / nullif(published, 0))::double as share,   -- of the published conversations of the facet
    layout.x::float as x,                           -- place on the map, -1 to 1
    layout.y::float as y,
    name_source::varchar as name_source,
    null::boolean as loose,                         -- no budget is spent on it
    (only_children.cluster_id is not null)::boolean as only_child    -- it has one child, whose name and description are its own: show the two once
from rounded
inner join totals using (facet)
left join layout using (facet, cluster_id)
left join only_children using (facet, cluster_id)
order by facet, level desc, conversations desc, cluster_id
