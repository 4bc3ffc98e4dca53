-- One row per shown base cluster: the direction in which its centre lies from the middle of all of its facet.
-- kind: table
-- grain: facet, cluster_id
-- The cosine of two directions says what two clusters have in common: 0 is no more than any two of the facet have.
with

centres as (
    select facet, cluster_id, centroid, sqrt(list_dot_product(centroid, centroid)) as length
    from base_clusters inner join cluster_ids using (facet, cluster_id)
    where centroid is not null                         -- clusters of an overlay's found_assignments.sql have none
),

parts as (
    select
        facet, cluster_id,
        unnest(centroid) / length as part,
        generate_subscripts(centroid, 1) as place
    from centres
    where length > 0
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    list(part - middle order by place)::float[] as direction
from (select *, avg(part) over (partition by facet, place) as middle from parts)
group by facet, cluster_id
