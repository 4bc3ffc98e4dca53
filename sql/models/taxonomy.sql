-- One row per node of a fixed taxonomy that a facet of kind taxonomy places conversations in: here none.
-- kind: view
-- grain: facet, id
-- A file of this name in an analysis folder says them, taxonomy.sql or taxonomy.csv; `clio-sql init FOLDER --taxonomy uses`
-- writes an example. It is select and values alone, so that check can read it.
select
    null::varchar as facet,                        -- of kind taxonomy in facets
    null::varchar as id,                           -- becomes the cluster_id; small letters, digits and _, a letter first
    null::varchar as parent_id,                    -- the id of the node above; NULL at the top
    null::varchar as name,                         -- published as it is; no other node of the facet has it
    null::varchar as description                   -- one sentence; with the name it decides what is near
where false
