-- One row per correction and base cluster that it hides: the one it names, those below a parent, and those descended from them after a refit.
-- kind: table
-- grain: facet, corrected_id, cluster_id
-- kept: last
-- A hidden cluster stands in no tree, and its conversations in no figure, `(other)` included. After a refit, a cluster is
-- hidden too if most of its conversations come from hidden ones, or if it took in most of a hidden one that is gone.
with

hides as (
    select facet, cluster_id as corrected_id from corrections where kind = 'hide'
),

-- the base clusters of the last build that are meant
last_bases as materialized (
    select hides.facet, hides.corrected_id, unnest(last_hierarchy.base_cluster_ids) as cluster_id
    from hides
    inner join last_hierarchy on last_hierarchy.facet = hides.facet and last_hierarchy.cluster_id = hides.corrected_id
    union
    select hides.facet, hides.corrected_id, last_hidden_clusters.cluster_id
    from hides inner join last_hidden_clusters using (facet, corrected_id)
    union
    select facet, corrected_id, corrected_id from hides
    union                                          -- of a fixed taxonomy all leaves below the node, also those that were held back
    select hides.facet, hides.corrected_id, nodes.id
    from hides
    inner join taxonomy_nodes as nodes
        on nodes.facet = hides.facet and nodes.is_leaf and list_contains(nodes.path, split_part(hides.corrected_id, '/', 1))
),

today as (
    select distinct facet, cluster_id from assignments
),

common as materialized (
    select assignments.facet, assignments.cluster_id, last_assignments.cluster_id as last_cluster_id, count(*) as conversations
    from assignments inner join last_assignments using (conversation_id, facet)
    semi join hides on hides.facet = assignments.facet
    group by all
),

-- clusters that did not exist then, most of which was hidden
came_of as (
    select last_bases.facet, last_bases.corrected_id, common.cluster_id
    from common
    inner join last_bases on last_bases.facet = common.facet and last_bases.cluster_id = common.last_cluster_id
    inner join (select facet, cluster_id, sum(conversations) as conversations from common group by all) as whole
        on whole.facet = common.facet and whole.cluster_id = common.cluster_id
    group by last_bases.facet, last_bases.corrected_id, common.cluster_id
    having sum(common.conversations) > 0.5 * any_value(whole.conversations)
),

-- clusters that most of a hidden one went to, which is gone
took_in as (
    select last_bases.facet, last_bases.corrected_id, common.cluster_id
    from common
    inner join last_bases on last_bases.facet = common.facet and last_bases.cluster_id = common.last_cluster_id
    inner join (select facet, last_cluster_id, sum(conversations) as conversations from common group by all) as whole
        on whole.facet = common.facet and whole.last_cluster_id = common.last_cluster_id
    anti join today on today.facet = last_bases.facet and today.cluster_id = last_bases.cluster_id
    where common.conversations > 0.5 * whole.conversations
)

select
    facet::varchar as facet,
    corrected_id::varchar as corrected_id,         -- which the correction names
    cluster_id::varchar as cluster_id              -- of level 0
from (
    from last_bases semi join today using (facet, cluster_id)
    union
    from came_of
    union
    from took_in
)
