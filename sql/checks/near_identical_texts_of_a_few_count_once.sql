-- One row a text that in a base cluster counts for several users, though too few wrote it or its like. No rows = pass.
--
-- Only texts that are equal but for capitals are seen here: which others are near-identical is told by clio_alike alone.
with

written as (
    select
        assignments.facet, assignments.cluster_id, assignments.user_id, lower(facet_values.value) as text,
        independent_texts.independent, independent_texts.users
    from assignments
    inner join independent_texts using (conversation_id, facet)
    inner join facet_values using (conversation_id, facet)
    semi join (from hierarchy where level = 0) as shown
        on shown.facet = assignments.facet and shown.cluster_id = assignments.cluster_id
),

of_cluster as (
    select facet, cluster_id, count(distinct user_id) as all_users from written group by facet, cluster_id
)

select written.facet, written.cluster_id
from written inner join of_cluster using (facet, cluster_id) cross join settings
where mode is distinct from 'safety' and independent
group by written.facet, written.cluster_id, text
having count(distinct user_id) > 1 and not coalesce(
    min(users) >= 2 * any_value(min_users) and max(users) <= any_value(all_users), false
)
