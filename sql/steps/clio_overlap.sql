-- clio_overlap(common, one, other): what two sets have in common as a share of both together, 0 to 1: Jaccard's index.
create or replace macro clio_overlap(common, one, other) as common / (one + other - common)
