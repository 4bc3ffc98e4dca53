-- One row per merge or move that a correction asks for: which clusters of the last tree lose or gain by it, and whether it waits.
-- kind: table
-- grain: facet, cluster_id
-- A parent's users before minus its users after are users of the cluster that left alone: none, or at least min_users. Else
-- all merges and moves of the facet wait. So they do where a shown cluster is merged into one that is held back: the new
-- figure minus the one that was published is that of the other. Users who are gone count as in the published figures.
with recursive

merges as materialized (
    select corrections.facet, corrections.cluster_id, corrections.target as target_id
    from corrections
    anti join last_merged_clusters as made on made.facet = corrections.facet and made.found_id = corrections.cluster_id
    where corrections.kind = 'merge'
),

onward as materialized (
    select facet, cluster_id, target_id from merges
    union all
    select facet, found_id, cluster_id from last_merged_clusters
),

reached as (                                         -- what a cluster is merged into may be merged itself
    select facet, cluster_id, target_id from merges
    union
    select reached.facet, reached.cluster_id, onward.target_id
    from reached inner join onward on onward.facet = reached.facet and onward.cluster_id = reached.target_id
),

asked as materialized (
    select reached.facet, reached.cluster_id, 'merge' as kind, reached.target_id
    from reached anti join onward on onward.facet = reached.facet and onward.cluster_id = reached.target_id
    union all
    select facet, cluster_id, kind, target from corrections where kind = 'move'
),

-- clusters that hold the one and not the other
changes as materialized (
    select
        asked.facet, asked.cluster_id, own.base_cluster_ids as moved_ids,
        other.cluster_id as other_id, other.base_cluster_ids as other_ids,
        other.level > own.level and list_has_all(other.base_cluster_ids, own.base_cluster_ids) as loses,
        other.level >= target.level and list_has_all(other.base_cluster_ids, target.base_cluster_ids) as gains
    from asked
    inner join last_hierarchy as own on own.facet = asked.facet and own.cluster_id = asked.cluster_id
    inner join last_hierarchy as target on target.facet = asked.facet and target.cluster_id = asked.target_id
    inner join last_hierarchy as other on other.facet = asked.facet
    where loses <> gains
),

before as (
    select distinct facet, other_id, unnest(other_ids) as base_cluster_id from changes
),

leaving as (
    select facet, other_id, unnest(moved_ids) as base_cluster_id from changes where loses
),

after as (
    from before anti join leaving using (facet, other_id, base_cluster_id)
    union
    select facet, other_id, unnest(moved_ids) from changes where gains
),

known_users as (
    select distinct user_id from conversations where user_id is not null
),

behind as (                                          -- user_id NULL: users who are gone, as in figure_days
    select
        days.facet, days.other_id, figures.user_id,
        coalesce(max(people) filter (day = 'before'), 0) as people_before, coalesce(max(people) filter (day = 'after'), 0) as people_after
    from (select 'before' as day, * from before union all select 'after', * from after) as days
    inner join (
        select facet, cluster_id, known_users.user_id, if(known_users.user_id is null, sum(people), 1) as people
        from last_published_figures left join known_users using (user_id)
        where relation = 'clusters'
        group by facet, cluster_id, known_users.user_id
    ) as figures on figures.facet = days.facet and figures.cluster_id = days.base_cluster_id
    group by days.facet, days.other_id, figures.user_id
),

waiting as (
    select facet
    from behind cross join settings
    where mode is distinct from 'safety'
    group by facet, other_id
    having not coalesce(sum(abs(people_after - people_before)) not between 1 and any_value(min_users) - 1, false)
    union
    select facet
    from asked semi join last_hierarchy using (facet, cluster_id) cross join settings
    where kind = 'merge' and mode is distinct from 'safety'
        and (facet, target_id) not in (select (facet, cluster_id) from last_hierarchy)
    union                                            -- a cluster and one that holds it, both at once
    select facet
    from (select distinct facet, cluster_id, unnest(moved_ids) as base_cluster_id from changes)
    group by facet, base_cluster_id
    having count(*) > 1
    union                                            -- a target that goes elsewhere itself
    select asked.facet
    from asked
    inner join last_hierarchy as target on target.facet = asked.facet and target.cluster_id = asked.target_id
    inner join changes as others on others.facet = asked.facet and list_has_all(others.moved_ids, target.base_cluster_ids)
    where others.cluster_id <> asked.cluster_id
    union                                            -- what was hidden until now is shown once where it was: see withheld_values
    select facet
    from asked
    where (facet, cluster_id) in (select (facet, unnest([corrected_id, cluster_id])) from last_hidden_clusters)
)

select
    asked.facet::varchar as facet,
    asked.cluster_id::varchar as cluster_id,         -- which the correction names
    any_value(asked.kind)::varchar as kind,          -- merge or move
    any_value(asked.target_id)::varchar as target_id,    -- of a merge: the last one of a chain
    coalesce(list(other_id order by other_id) filter (loses), [])::varchar[] as leaves,
    coalesce(list(other_id order by other_id) filter (gains), [])::varchar[] as joins,
    (asked.facet in (select facet from waiting))::boolean as waits
from asked left join changes using (facet, cluster_id)
group by asked.facet, asked.cluster_id
