-- One row per name that two clusters of the same facet and parent share, in the tree or as published. No rows = pass.
select facet, parent_id, count(*) as clusters
from hierarchy
group by facet, level, parent_id, lower(name)
having count(*) > 1
union all
select facet, parent_id, count(*)
from clusters
group by facet, level, parent_id, lower(name)
having count(*) > 1
