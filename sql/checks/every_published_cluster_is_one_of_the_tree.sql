-- One row per published cluster that differs from the tree, or cluster of the tree that is missing beside others. No rows = pass.
with

published as (
    select facet, level, cluster_id, parent_id, name, description from clusters where cluster_id <> '(other)'
),

tree as (
    select facet, level, cluster_id, parent_id, name, description
    from hierarchy
    where facet in (select facet from published)
)

select facet, cluster_id from ((from published) except (from tree))
union all
select facet, cluster_id from ((from tree) except (from published))
union all
select facet, cluster_id from published group by facet, cluster_id having count(*) > 1
