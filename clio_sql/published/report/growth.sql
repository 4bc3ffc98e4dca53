-- One row per cluster whose growth can be given: conversations per period in the later half of the time, compared with the earlier half.
-- Periods below the gate are not published, and partial ones do not count, so only a cluster with two in each half has a growth.
with

periods as (
    select * from cluster_trends where complete
),

span as (
    select facet, min(period) as first, max(period) as last
    from periods
    group by facet
),

halves as (
    select
        facet, cluster_id, conversations,
        period > first + ((last - first) // 2)::integer as later
    from periods inner join span using (facet)
),

averaged as (
    select
        facet, cluster_id,
        avg(conversations) filter (not later) as earlier,
        avg(conversations) filter (later) as later,
        least(count(*) filter (not later), count(*) filter (later)) as periods
    from halves
    group by facet, cluster_id
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    (later / earlier)::double as growth      -- 1: no change, 2: twice as many
from averaged
where periods >= 2 and earlier > 0
order by facet, cluster_id
