-- One row per breakdown that a conversation has a value of, and per measure that one has a number of.
-- kind: table
-- grain: relation, breakdown
-- by: conversation_id; distinct
select distinct
    relation::varchar as relation,                 -- cluster_facets or cluster_measures: the published relation that it is for
    breakdown::varchar as breakdown                -- or the measure
from (
    select 'cluster_facets' as relation, breakdown from breakdowns
    union all
    select 'cluster_measures', measure from measured
)
