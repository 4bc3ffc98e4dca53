-- One row per correction of a cluster by a person. Empty as packaged: an analysis folder may have a corrections.sql of its own.
-- kind: view
-- grain: facet, cluster_id, kind
-- `clio-sql correct OUT` prints such a file with today's ids. It is select and values alone, so that check can read it.
select
    null::varchar as facet,
    null::varchar as cluster_id,                   -- as it was published, of any level
    null::varchar as kind,                         -- rename or hide
    null::varchar as target,                       -- of rename: the new name; NULL otherwise
    null::varchar as who,                          -- who decided it; never published
    null::varchar as why                           -- never published
where false
