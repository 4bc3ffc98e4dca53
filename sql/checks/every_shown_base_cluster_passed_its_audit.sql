-- One row per base cluster of the tree whose name is not the audited one, or was rated too low. No rows = pass.
select hierarchy.facet, hierarchy.cluster_id
from hierarchy
left join name_audits using (facet, cluster_id)
left join cluster_names using (facet, cluster_id)
inner join facets using (facet)
cross join settings
where facets.kind <> 'taxonomy' and hierarchy.level = 0 and mode is distinct from 'safety' and not coalesce(
    name_audits.rating >= min_audit_rating
    and cluster_names.name = hierarchy.name and cluster_names.description = hierarchy.description
    and cluster_names.status = 'ok',
    false
)
