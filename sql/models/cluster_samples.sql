-- One row per base cluster: the texts it is named from, and texts just outside it for contrast.
-- kind: view
-- grain: facet, cluster_id
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    coalesce(list(value order by position) filter (relation = 'member'), [])::varchar[] as members,
    coalesce(list(value order by position) filter (relation = 'neighbour'), [])::varchar[] as neighbours
from sampled_texts
group by all
