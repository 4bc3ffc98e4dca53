-- One row per facet, breakdown and value: its conversations at the highest level, and the share that lifts compare with.
with

tops as (
    select cluster_facets.*
    from cluster_facets inner join clusters using (facet, cluster_id)
    where clusters.parent_id is null
),

usual as (
    select
        facet, breakdown, value,
        coalesce(sum(tops.conversations), 0) as conversations,
        any_value(tops.share / tops.lift) filter (tops.lift > 0) as share
    from (select distinct facet, breakdown, value from cluster_facets) as every_value
    left join tops using (facet, breakdown, value)
    group by facet, breakdown, value
)

select
    facet::varchar as facet,
    breakdown::varchar as breakdown,
    value::varchar as value,
    conversations::bigint as conversations,
    share::double as share,                  -- NULL: only one cluster of the highest level publishes it, or none
    clio_percent(share)::varchar as percent
from usual
order by facet, breakdown, value
