-- One row a facet with more than one (other), or one with children or a parent. No rows = pass.
select facet
from clusters
where cluster_id = '(other)'
group by facet
having count(*) > 1 or bool_or(parent_id is not null)
union all
select facet from clusters where parent_id = '(other)'
