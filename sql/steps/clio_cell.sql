-- clio_cell(relation, facet, cluster_id, breakdown, value): a number for a cell, the same wherever it is asked for.
create or replace macro clio_cell(relation, facet, cluster_id, breakdown, value) as
    hash(concat_ws(chr(31), relation, facet, cluster_id, breakdown, value))
