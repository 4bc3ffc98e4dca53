-- One row per published cluster and measure: mean, median and 90th percentile of a number that conversations have, such as a cost.
-- kind: view
-- grain: facet, cluster_id, measure
select
    measures.facet::varchar as facet,                                       -- with cluster_id: joins clusters
    measures.cluster_id::varchar as cluster_id,                             -- with facet: joins clusters
    measures.measure::varchar as measure,                                   -- cost_usd, rating, …
    (round(cells.conversations / round_to) * round_to)::bigint as conversations,    -- that have a number, rounded; NULL where too few have none
    clio_two_digits(measures.mean)::double as mean,                         -- of those conversations, to two significant digits
    clio_two_digits(measures.median)::double as median,                     -- so, too; NULL where it is the number of one or two users
    clio_two_digits(measures.percentile_90)::double as percentile_90        -- 9 in 10 are at most that; so, too
from published_measures as measures
left join published_cells as cells
    on cells.relation = 'cluster_measures' and cells.facet = measures.facet and cells.cluster_id = measures.cluster_id
    and cells.breakdown = measures.measure and cells.value = 'known'
cross join settings
where round_to is not null
order by measures.facet, measures.cluster_id, measures.measure
