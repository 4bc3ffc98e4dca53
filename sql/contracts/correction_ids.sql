-- One row per correction whose cluster is not there: of the rows of `corrections`, against the ids of all builds and the last one.
select
    number,                                        -- of the row, from 1
    facet, cluster_id,
    case
        when facet not in (select facet from used_ids) then 'no_facet'
        when (facet, cluster_id) not in (select (facet, cluster_id) from used_ids) then 'never'
        else 'gone'
    end as problem
from (select *, row_number() over () as number from corrections)
where (facet, cluster_id) not in (
    select (facet, cluster_id) from last_hierarchy
    union
    select (facet, cluster_id) from last_cluster_ids
    union
    select (facet, corrected_id) from last_hidden_clusters
)
order by number
