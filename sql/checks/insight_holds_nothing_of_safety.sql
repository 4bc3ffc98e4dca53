-- One row per relation that holds what is for safety mode although the mode is another. No rows = pass.
with

for_safety as (
    select facet from facets
    where starts_with(facet, 'safety_') and facet not in (select facet from direct_facets)
),

rows_of as (
    select 'cluster_conversations' as relation, count(*) as found from cluster_conversations
    union all
    select 'safety_gaps' as relation, count(*) as found from safety_gaps
    union all
    select 'coordinated_use' as relation, count(*) as found from coordinated_use
    union all
    select 'cluster_facets' as relation, count(*) as found
    from cluster_facets
    where breakdown in (select facet from for_safety)
    union all
    select 'clusters' as relation, count(*) as found
    from clusters
    where facet in (select facet from for_safety)
)

select relation, found
from rows_of cross join settings
where mode is distinct from 'safety' and found > 0
