-- One row per published cluster of the upper levels, in the order in which the tree is printed.
with

tree as (from clio_tree)

select facet, depth, cluster_id, parent_id, name, conversations, users, share
from tree
where (facet = $facet or $facet is null) and depth <= $depth
order by facet, line
