-- One row per published base cluster: the label to which its name alone is nearest, as Clio reconstructs known topics.
with

names as (
    select facet, cluster_id, clio_embed(name) as vector from hierarchy where level = 0
),

topics as (
    select facet, label, clio_embed(replace(label, '_', ' ')) as vector
    from (select distinct facet, label from judged)
)

select
    names.facet::varchar as facet,
    names.cluster_id::varchar as cluster_id,
    topics.label::varchar as label
from names inner join topics using (facet)
qualify row_number() over (
    partition by names.facet, names.cluster_id
    order by list_dot_product(names.vector, topics.vector) desc, topics.label      -- unit vectors: the cosine
) = 1
order by facet, cluster_id
