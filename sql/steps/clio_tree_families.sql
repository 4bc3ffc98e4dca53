-- clio_tree_families(last_level, parents): the children of each parent. One row per parent, without an id yet.
-- A child whose choice failed stays alone rather than joining a wrong parent. The largest children come first.
create or replace macro clio_tree_families(last_level, parents) as table
select
    facet,
    any_value(level) + 1 as level,
    case when parent = clio_various().cluster_id then parent else any_value(kept_id) end as kept_id,    -- the id that the parent keeps
    row_number() over (partition by facet order by min(cluster_id)) as number,
    list(cluster_id order by conversations desc, cluster_id) as child_ids,
    list(name order by conversations desc, cluster_id) as child_names,
    list(description order by conversations desc, cluster_id) as child_descriptions,
    flatten(list(base_cluster_ids order by cluster_id)) as base_cluster_ids,
    sum(conversations) as conversations,
    any_value(criteria) as criteria
from query_table(last_level) inner join query_table(parents) using (facet, cluster_id)
group by facet, parent, case when parent is null then cluster_id end
