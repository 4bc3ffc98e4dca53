-- One row per facet and reason: how much is not shown, and why. Itself gated.
-- kind: view
-- grain: facet, reason
with

days as (
    select 'basis' as day, relation, facet, breakdown, value, user_id, independent_people as independent, conversations
    from published_figures
    where cluster_id = '(other)'
    union all
    select 'today', relation, facet, breakdown, value, user_id, case when independent then 1 else 0 end, conversations
    from cells
    where cluster_id = '(other)'
),

-- all that is held back (relation clusters, value ''), and each reason by itself
figures as (
    select
        relation, facet, value, day,
        sum(conversations) as conversations,
        clio_gate(
            sum(independent), sum(conversations), max(conversations) filter (user_id is not null),
            any_value(required_users), any_value(min_conversations), any_value(max_user_share)
        ) as passes
    from days
    cross join settings
    cross join (
        select min_users + clio_margin(salt, 'cluster/(other)', cell_margin) as required_users from settings cross join margins
    )
    where breakdown <> 'clusters'
    group by relation, facet, value, day
),

judged as (
    select
        relation, facet, value,
        max(conversations) filter (day = 'basis') as conversations,
        bool_or(mode = 'safety')                       -- for authorised people only: no gate
            or count(*) = 2 and bool_and(passes) as passes
    from figures cross join settings
    group by relation, facet, value
),

-- a reason that must stay hidden could be computed as the (other) row minus the rest: then no reason is listed separately;
-- nor if the reasons are of another day than their sum
told_apart as (
    select facet
    from judged
    group by facet
    having coalesce(bool_and(passes), false)
        and sum(conversations) filter (relation = 'clusters') = sum(conversations) filter (relation = 'held_back')
),

listed as (
    select facet, value as reason, conversations
    from judged semi join told_apart using (facet)
    where relation = 'held_back'
    union all
    select facet, 'several', conversations
    from judged anti join told_apart using (facet)
    where relation = 'clusters' and passes
),

clusters_held as (
    select facet, value as reason, conversations as clusters
    from published_figures
    where cluster_id = '(other)' and breakdown = 'clusters'
    union all
    select facet, 'several', sum(conversations)
    from published_figures
    where cluster_id = '(other)' and breakdown = 'clusters'
    group by facet
)

select
    listed.facet::varchar as facet,                                                 -- which facet was clustered
    listed.reason::varchar as reason,                                               -- 'several' where listing them separately would reveal too much
    clusters_held.clusters::integer as clusters,                                  -- base clusters; 0: no answer to cluster
    (round(listed.conversations / round_to) * round_to)::bigint as conversations    -- rounded
from listed left join clusters_held using (facet, reason) cross join settings
where round_to is not null
order by facet, reason
