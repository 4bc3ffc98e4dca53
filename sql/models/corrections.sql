-- One row per correction of a cluster by a person. Empty as packaged: an analysis folder may have a corrections.sql of its own.
-- kind: view
-- grain: facet, cluster_id, kind
-- `clio-sql correct OUT` prints such a file with today's ids. It is select and values alone, so that check can read it.
select
    null::varchar as facet,
    null::varchar as cluster_id,                   -- as it was published, of any level
    null::varchar as kind,                         -- rename, hide, merge, move or pin
    null::varchar as target,                       -- the new name, or the cluster it is merged into or moved under; NULL for hide and pin
    null::varchar as who,                          -- who decided it; never published
    null::varchar as why                           -- never published
where false
