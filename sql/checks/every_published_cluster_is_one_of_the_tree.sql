-- One row per published cluster that differs from the tree, or cluster of the tree that is missing beside others. No rows = pass.
with

published as (
    select facet, level, cluster_id, parent_id, name, description from clusters where cluster_id <> '(other)'
),

tree as (
    select
        facet, level, cluster_id, parent_id,
        coalesce(renamed.name, hierarchy.name) as name,      -- only names that corrections give, and that may be shown
        description
    from hierarchy
    left join (
        select renamed_clusters.facet, renamed_clusters.cluster_id, renamed_clusters.name
        from renamed_clusters
        inner join corrections
            on corrections.facet = renamed_clusters.facet and corrections.cluster_id = renamed_clusters.corrected_id
            and corrections.kind = 'rename' and trim(corrections.target) = renamed_clusters.name
        cross join settings
        where mode is not distinct from 'safety' or coalesce(reason is null and rating >= min_audit_rating, false)
    ) as renamed using (facet, cluster_id)
    where facet in (select facet from published)
)

select facet, cluster_id from ((from published) except (from tree))
union all
select facet, cluster_id from ((from tree) except (from published))
union all
select facet, cluster_id from published group by facet, cluster_id having count(*) > 1
