-- One row per text that naming may see: a member of a cluster, or a neighbour just outside it.
-- kind: table
-- grain: facet, cluster_id, relation, conversation_id
with

passing as (
    select facet, cluster_id from gated_clusters inner join facets using (facet) where passes and facets.kind = 'text'    -- a taxonomy has its names
),

candidates as (
    select facet, cluster_id, 'member' as relation, conversation_id, user_id, null::float as distance
    from assignments
    inner join passing using (facet, cluster_id)
    union all
    -- the texts outside a cluster that came nearest to it; texts of clusters below the gate are never used
    select assignments.facet, runner_up, 'neighbour', conversation_id, user_id, runner_up_distance
    from assignments
    inner join passing as own using (facet, cluster_id)
    inner join passing as other on other.facet = assignments.facet and other.cluster_id = assignments.runner_up
),

placed as (
    select candidates.*, md5(concat(seed, conversation_id)) as place
    from candidates cross join settings
),

few_of_one_user as (
    select placed.*
    from placed cross join settings
    qualify row_number() over (
        partition by facet, cluster_id, relation, coalesce(user_id, '') order by distance, place
    ) <= max_texts_per_user
),

ranked as (
    select
        few_of_one_user.*,
        row_number() over (partition by facet, cluster_id, relation order by distance, place) as position
    from few_of_one_user
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    relation::varchar as relation,             -- member or neighbour
    conversation_id::varchar as conversation_id,
    user_id::varchar as user_id,
    value::varchar as value,
    position::integer as position              -- from 1; members by hash of id, neighbours by distance
from ranked
inner join facet_values using (conversation_id, facet)
cross join settings
where position <= sample_texts
