-- One row per leaf of a fixed taxonomy: what a language model reads of it, and the unit vector of that.
-- kind: table
-- grain: facet, id
with

labelled as (
    select facet, id, concat_ws(': ', name, nullif(trim(description), '')) as label
    from taxonomy_nodes
    where is_leaf
)

select
    facet::varchar as facet,
    id::varchar as id,
    label::varchar as label,                                           -- name and description
    clio_embed(label) as embedding
from labelled
