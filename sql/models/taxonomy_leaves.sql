-- One row per leaf of a fixed taxonomy: what a language model reads of it, and its unit vector.
-- kind: table
-- grain: facet, id
-- The vector is the mean of those of the name and of each phrase of the description: one vector of 'Budget, debt, savings,
-- taxes' as a whole is near to none of them.
with

labelled as (
    select facet, id, name, description, concat_ws(': ', name, nullif(trim(description), '')) as label
    from taxonomy_nodes
    where is_leaf
),

phrases as (
    select facet, id, trim(unnest(list_prepend(name, regexp_split_to_array(coalesce(description, ''), '[,;:.]| or | and ')))) as phrase
    from labelled
),

embedded as materialized (
    select facet, id, clio_embed(phrase)::float[] as embedding from phrases where phrase <> ''
),

parts as (
    select facet, id, unnest(embedding)::double as part, generate_subscripts(embedding, 1) as place from embedded
),

sums as (
    select facet, id, place, sum(part) as part from parts group by facet, id, place
),

means as (
    select facet, id, list(part order by place) as mean from sums group by facet, id
)

select
    facet::varchar as facet,
    id::varchar as id,
    label::varchar as label,                                           -- name and description
    -- rounded, so that the order in which vectors are added up decides nothing
    list_transform(mean, lambda part: round(part / sqrt(list_inner_product(mean, mean)), 6))::float[] as embedding
from labelled inner join means using (facet, id)
