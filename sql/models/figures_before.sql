-- One row per published figure and user, as last published; those of a cluster that is merged are added to those of the other.
-- kind: view
-- grain: relation, facet, cluster_id, breakdown, value, user_id
-- So the figure of a cluster that others were merged into is compared with the sum of what was published of all of them.
with

concerned as (
    select facet, found_id as cluster_id from merged_clusters
    union
    select facet, cluster_id from merged_clusters
),

separate as (
    select coalesce(merged.cluster_id, last.cluster_id) as merged_id, last.*
    from last_published_figures as last
    left join merged_clusters as merged on merged.facet = last.facet and merged.found_id = last.cluster_id
    semi join concerned on concerned.facet = last.facet and concerned.cluster_id = last.cluster_id
),

-- users who are gone may be the same in both
together as (
    select
        relation, facet, merged_id as cluster_id, breakdown, value, user_id,
        max(people) as people, max(coalesce(independent_people, people)) as independent_people,
        sum(conversations) as conversations
    from separate
    group by relation, facet, merged_id, breakdown, value, user_id
),

everything as (
    from last_published_figures anti join concerned using (facet, cluster_id)
    union all by name
    from together
)

select
    relation::varchar as relation,
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    breakdown::varchar as breakdown,
    value::varchar as value,
    user_id::varchar as user_id,                     -- NULL: users who are gone, and rows without a user id
    people::integer as people,                       -- 1, or how many are gone
    coalesce(independent_people, people)::integer as independent_people,     -- builds before this column existed counted every user
    conversations::bigint as conversations
from everything
