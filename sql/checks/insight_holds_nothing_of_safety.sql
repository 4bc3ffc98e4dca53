-- One row per relation of safety mode that has rows although the mode is another. No rows = pass.
with

rows_of as (
    select 'cluster_conversations' as relation, count(*) as found from cluster_conversations
    union all
    select 'safety_gaps' as relation, count(*) as found from safety_gaps
    union all
    select 'coordinated_use' as relation, count(*) as found from coordinated_use
)

select relation, found
from rows_of cross join settings
where mode is distinct from 'safety' and found > 0
