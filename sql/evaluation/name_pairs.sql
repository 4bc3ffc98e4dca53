-- One row per facet and level: how alike the names of its clusters are, under one parent and under different ones.
with

named as (
    select facet, level, cluster_id, parent_id, lower(name) as name, clio_embed(name) as vector from hierarchy
),

pairs as (
    select
        facet, level, other.cluster_id,
        first.parent_id = other.parent_id as are_siblings,                   -- NULL at the top
        first.name = other.name as are_equal,
        list_dot_product(first.vector, other.vector) as cosine
    from named as first inner join named as other using (facet, level)
    where first.cluster_id < other.cluster_id
)

select
    facet::varchar as facet,
    level::integer as level,
    avg(cosine) filter (are_siblings)::double as siblings,                   -- NULL: there are none
    avg(cosine) filter (not are_siblings)::double as others,
    count(distinct cluster_id) filter (are_equal)::bigint as repeated,       -- clusters whose name another one has too
    count(distinct cluster_id) filter (not are_equal and cosine >= 0.9)::bigint as alike
from pairs
group by all
order by all
