-- One row per conversation and facet that clusters are fitted on, where a fit is due: of fit_points the first by hash of id.
-- kind: table
-- grain: conversation_id, facet
with

due as (
    select facet, k from fits where reason is not null
)

select
    conversation_id::varchar as conversation_id,
    facet::varchar as facet,
    place::varchar as place                        -- the order in which they are fitted
from fit_points inner join due using (facet) cross join settings
qualify row_number() over (partition by facet order by place) <= k * points_per_cluster
