-- One row a shown cluster: its place on the map, laid out from the published names, which give nothing else away.
-- kind: table
-- grain: facet, cluster_id
with

named as (
    select facet, cluster_id, clio_embed(concat(name, '. ', description)) as embedding
    from hierarchy
),

projected as (
    select
        facet,
        list(cluster_id order by cluster_id) as cluster_ids,
        clio_project(list(embedding order by cluster_id)) as points
    from named
    group by facet
),

placed as (
    select facet, unnest(cluster_ids) as cluster_id, unnest(points) as point
    from projected
)

select facet::varchar as facet, cluster_id::varchar as cluster_id, point[1]::float as x, point[2]::float as y
from placed
