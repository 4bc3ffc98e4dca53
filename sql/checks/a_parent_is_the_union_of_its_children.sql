-- One row a parent whose conversations are not exactly those of its children. No rows = pass.
with

of_children as (
    select hierarchy.facet, hierarchy.parent_id as cluster_id, memberships.conversation_id
    from hierarchy inner join memberships using (facet, level, cluster_id)
    where hierarchy.parent_id is not null
),

of_parents as (
    select hierarchy.facet, hierarchy.cluster_id, memberships.conversation_id
    from hierarchy inner join memberships using (facet, level, cluster_id)
    where hierarchy.level > 0
)

select distinct facet, cluster_id
from (
    (from of_children except from of_parents)
    union all
    (from of_parents except from of_children)
)
