-- One row per cell that is published: every breakdown, trends by one period, and how many conversations have a measure.
-- kind: table
-- grain: relation, facet, cluster_id, breakdown, value
-- kept: last
select
    relation::varchar as relation,                              -- cluster_facets, cluster_trends or cluster_measures
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    breakdown::varchar as breakdown,                            -- of a trend, its period; a measure
    value::varchar as value,
    conversations::bigint as conversations,                     -- not rounded yet
    users::integer as users                                     -- NULL where cells below are held back
from publishable_cells
where relation <> 'cluster_trends' or breakdown in (select period from trend_period)
