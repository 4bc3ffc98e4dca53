-- One row per cluster and what happened to it between two builds, from their published files alone.
-- kind: view
-- grain: facet, cluster_id, change
-- `before` and `after` are those two files, attached. Every figure here is in one of them, or is left out.
with

-- both builds must pass the stricter gate of the two
gates as (
    select
        greatest(b.min_users, a.min_users) as min_users,
        greatest(b.min_conversations, a.min_conversations) as min_conversations,
        greatest(b.round_to, a.round_to) as step,
        coalesce(a.min_users <= b.min_users and a.min_conversations <= b.min_conversations, false) as before_is_strict,
        coalesce(b.min_users <= a.min_users and b.min_conversations <= a.min_conversations, false) as after_is_strict
    from before.about as b cross join after.about as a
),

old as (
    select clusters.*
    from before.clusters as clusters cross join gates
    where before_is_strict
        or coalesce(clusters.users >= gates.min_users and clusters.conversations >= gates.min_conversations, false)
),

young as (
    select clusters.*
    from after.clusters as clusters cross join gates
    where after_is_strict
        or coalesce(clusters.users >= gates.min_users and clusters.conversations >= gates.min_conversations, false)
),

-- a refresh keeps the ids and most names; if most ids have another name, the facet was fitted from scratch and an id
-- means something else: then a name that occurs once at a level in both files is the same cluster
facets as (
    select
        facet,
        2 * count(*) filter (old.name = young.name) >= count(*) as ids_go_on
    from old inner join young using (facet, cluster_id)
    where cluster_id <> '(other)'
    group by facet
),

old_once as (
    select * from old qualify count(*) over (partition by facet, level, lower(name)) = 1
),

young_once as (
    select * from young qualify count(*) over (partition by facet, level, lower(name)) = 1
),

pairs as (
    select facet, cluster_id as old_id, cluster_id as young_id
    from old inner join young using (facet, cluster_id) left join facets using (facet)
    where ids_go_on or cluster_id = '(other)'
    union all
    select facet, old_once.cluster_id, young_once.cluster_id
    from old_once
    inner join young_once using (facet, level)
    left join facets using (facet)
    where not coalesce(ids_go_on, false) and lower(old_once.name) = lower(young_once.name)
        and old_once.cluster_id <> '(other)' and young_once.cluster_id <> '(other)'
),

compared as (
    select
        pairs.facet, young.level, pairs.old_id, pairs.young_id,
        old.name as name_before, young.name as name,
        old.conversations as conversations_before, young.conversations as conversations,
        young.conversations - old.conversations as difference,
        old_parent.name as parent_before, young_parent.name as parent,
        coalesce(parents.young_id, old.parent_id) is distinct from young.parent_id as moved,
        gates.step
    from pairs
    inner join old on old.facet = pairs.facet and old.cluster_id = pairs.old_id
    inner join young on young.facet = pairs.facet and young.cluster_id = pairs.young_id
    left join pairs as parents on parents.facet = pairs.facet and parents.old_id = old.parent_id
    left join old as old_parent on old_parent.facet = old.facet and old_parent.cluster_id = old.parent_id
    left join young as young_parent on young_parent.facet = young.facet and young_parent.cluster_id = young.parent_id
    cross join gates
),

changes as (
    select 'new' as change, facet, level, cluster_id, name, null as name_before, conversations, null as conversations_before,
        null as parent, null as parent_before
    from young
    where not exists (
        select 1 from pairs where pairs.facet = young.facet and pairs.young_id = young.cluster_id
    )
    union all
    select 'gone', facet, level, cluster_id, null, name, null, conversations, null, null
    from old
    where not exists (
        select 1 from pairs where pairs.facet = old.facet and pairs.old_id = old.cluster_id
    )
    union all
    -- one step of rounding may be one conversation, so it is not growth
    select case when difference > 0 then 'grown' else 'shrunk' end, facet, level, young_id, name, name_before,
        conversations, conversations_before, null, null
    from compared
    where abs(difference) > step
    union all
    select 'renamed', facet, level, young_id, name, name_before, null, null, null, null
    from compared
    where name <> name_before
    union all
    select 'moved', facet, level, young_id, name, name_before, null, null, parent, parent_before
    from compared
    where moved
)

select
    facet::varchar as facet,
    change::varchar as change,                               -- new, gone, grown, shrunk, renamed or moved
    level::integer as level,                                 -- 0 is the base
    cluster_id::varchar as cluster_id,                       -- in the later build; in the earlier one if the cluster is gone
    name::varchar as name,                                   -- NULL: gone
    name_before::varchar as name_before,                     -- NULL: new
    conversations::bigint as conversations,                  -- as published, rounded
    conversations_before::bigint as conversations_before,
    parent::varchar as parent,                               -- of a cluster that moved: the name of its parent; NULL at the top
    parent_before::varchar as parent_before
from changes
order by
    facet, list_position(['new', 'gone', 'grown', 'shrunk', 'renamed', 'moved'], change),
    level desc, greatest(coalesce(conversations, 0), coalesce(conversations_before, 0)) desc,
    coalesce(name, name_before), cluster_id
