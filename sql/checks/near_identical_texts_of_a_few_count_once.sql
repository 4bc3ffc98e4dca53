-- One row per base cluster where near-identical texts of a few users count for several of them. No rows = pass.
--
-- Only clio_alike decides which texts are near-identical. Texts without a number are of twice min_users or more.
with

written as (
    select assignments.facet, assignments.cluster_id, assignments.user_id, independent_texts.text_number, independent_texts.independent
    from assignments
    inner join independent_texts using (conversation_id, facet)
    semi join (from hierarchy where level = 0) as shown
        on shown.facet = assignments.facet and shown.cluster_id = assignments.cluster_id
),

sizes as (
    select facet, cluster_id, count(*) as of_cluster from written group by facet, cluster_id
),

counted as (
    select
        facet, cluster_id, text_number,
        count(*) as conversations,
        count(distinct user_id) as users,
        count(distinct user_id) filter (independent) as independent_users
    from written
    group by facet, cluster_id, text_number
)

select distinct facet, cluster_id
from counted inner join sizes using (facet, cluster_id) cross join settings
where mode is distinct from 'safety' and independent_users > 1 and not coalesce(
    if(text_number is null, users >= 2 * min_users, conversations <= max_text_share * of_cluster), false
)
