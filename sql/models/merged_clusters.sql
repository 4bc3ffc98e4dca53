-- One row per base cluster, as found, that is part of another: by a correction, or because it was split off a pinned cluster.
-- kind: table
-- grain: facet, found_id
-- kept: last
-- What was merged stays merged: taken apart, two figures minus their published sum would tell what changed since. So it does
-- while no conversation is found in one of the two. After a refit, a new cluster is merged too if most of its conversations
-- come from clusters that were merged into one other, or from a pinned one.
with

merges as materialized (
    select facet, cluster_id, target_id from regroupings where kind = 'merge' and not waits
),

pins as (
    select facet, cluster_id from corrections where kind = 'pin'
),

meant as materialized (
    select facet, cluster_id as found_id, target_id as cluster_id, cluster_id as corrected_id from merges
    union all
    select last.facet, last.found_id, coalesce(merges.target_id, last.cluster_id), last.corrected_id
    from last_merged_clusters as last
    left join merges on merges.facet = last.facet and merges.cluster_id = last.cluster_id
),

concerned as materialized (
    select facet from meant
    union
    select facet from pins
),

last_found as materialized (
    select conversation_id, facet, cluster_id, coalesce(found_id, cluster_id) as found_id    -- NULL: of an earlier version
    from last_assignments semi join concerned using (facet)
),

found as materialized (
    select conversation_id, facet, cluster_id as found_id from found_assignments semi join concerned using (facet)
),

-- of each new cluster, where its conversations were
common as (
    select
        found.facet, found.found_id,
        coalesce(meant.cluster_id, pins.cluster_id) as cluster_id,
        min(coalesce(meant.corrected_id, pins.cluster_id)) as corrected_id,
        count(*) as conversations
    from found
    anti join last_found as there on there.facet = found.facet and there.found_id = found.found_id
    inner join last_found as last on last.conversation_id = found.conversation_id and last.facet = found.facet
    left join meant on meant.facet = last.facet and meant.found_id = last.found_id
    left join pins on pins.facet = last.facet and pins.cluster_id = last.cluster_id
    group by found.facet, found.found_id, coalesce(meant.cluster_id, pins.cluster_id)
),

came_of as (
    select facet, found_id, cluster_id, corrected_id
    from common
    qualify conversations > 0.5 * sum(conversations) over (partition by facet, found_id)
),

everything as (
    select facet, found_id, cluster_id, corrected_id from meant
    union all
    select facet, found_id, cluster_id, corrected_id from came_of where cluster_id is not null
),

today as materialized (
    select distinct facet, found_id from found
)

select
    everything.facet::varchar as facet,
    everything.found_id::varchar as found_id,
    everything.cluster_id::varchar as cluster_id,                  -- which it is part of; of level 0 and not merged itself
    everything.corrected_id::varchar as corrected_id               -- which the correction names
from everything
where everything.found_id <> everything.cluster_id
    and (
        (everything.facet, everything.found_id) in (select (facet, found_id) from today)
        and (everything.facet, everything.cluster_id) in (select (facet, found_id) from today)
        -- the same fit: a cluster that is empty today is still there
        or (everything.facet, everything.found_id) in (select (facet, found_id) from last_merged_clusters)
        and everything.facet in (select facet from cluster_ids semi join last_cluster_ids using (facet, model))
    )
qualify row_number() over (partition by everything.facet, everything.found_id order by everything.corrected_id) = 1
