-- One row per base cluster, measure and user: the user's numbers as of the build that last updated them; measures are made of these.
-- kind: table
-- grain: facet, cluster_id, measure, user_id
-- kept: last
-- The numbers of a cluster are updated together with how many of its conversations have one (published_figures). Where
-- these stayed the same and only numbers changed, they are updated only if those of min_users users did.
with

known_users as (
    select distinct user_id from conversations where user_id is not null
),

last as (                                            -- those of a merged cluster are added, see figures_before
    select
        figures.facet, coalesce(merged.cluster_id, figures.cluster_id) as cluster_id, measure, known_users.user_id,
        case when known_users.user_id is null then sum(people) else 1 end as people,
        list_sort(flatten(list(amounts))) as amounts
    from last_measured_figures as figures
    left join merged_clusters as merged on merged.facet = figures.facet and merged.found_id = figures.cluster_id
    left join known_users using (user_id)
    group by figures.facet, coalesce(merged.cluster_id, figures.cluster_id), measure, known_users.user_id
),

today as (
    select facet, cluster_id, measure, user_id, case when user_id is null then 0 else 1 end as people, amounts, independent
    from measured_users
),

-- of which the published number of conversations is not that of today
waiting as (
    select distinct facet, cluster_id, breakdown as measure
    from (
        (
            select facet, cluster_id, breakdown, value, user_id, conversations from published_figures where relation = 'cluster_measures'
            except
            select facet, cluster_id, breakdown, value, user_id, conversations from cells where relation = 'cluster_measures'
        )
        union all
        (
            select facet, cluster_id, breakdown, value, user_id, conversations from cells where relation = 'cluster_measures'
            except
            select facet, cluster_id, breakdown, value, user_id, conversations from published_figures where relation = 'cluster_measures'
        )
    )
),

changed as (
    select
        today.facet, today.cluster_id, today.measure,
        count(*) as users, count(*) filter (today.independent) as independent
    from today
    inner join last
        on last.facet = today.facet and last.cluster_id = today.cluster_id and last.measure = today.measure
        and last.user_id is not distinct from today.user_id
    where last.amounts <> today.amounts
    group by all
),

too_few_changed as (
    select changed.facet, changed.cluster_id, changed.measure
    from changed
    inner join user_changes as conversations
        on conversations.relation = 'cluster_measures' and conversations.facet = changed.facet
        and conversations.cluster_id = changed.cluster_id and conversations.breakdown = changed.measure
        and conversations.value = 'known'
    cross join settings
    where passed and not by_enough and not coalesce(changed.independent >= min_users, false)
),

kept as (
    select facet, cluster_id, measure from waiting
    union
    select facet, cluster_id, measure from too_few_changed
),

days as (
    select 'today' as day, * exclude (independent) from today
    union all by name
    select 'last' as day, * from last
)

select
    days.facet::varchar as facet,
    days.cluster_id::varchar as cluster_id,        -- of level 0
    days.measure::varchar as measure,
    user_id::varchar as user_id,                   -- NULL: users who are gone, and rows without a user id
    people::integer as people,                     -- 1, or how many are gone
    amounts::double[] as amounts                   -- on that day
from days left join kept using (facet, cluster_id, measure) cross join settings
where (day = 'today') = (kept.measure is null or mode = 'safety')    -- safety: for authorised staff alone, exact
