-- One row per base cluster that may be shown: it passed the gate, its name the audit, and nobody hid it. Nothing else goes up the tree.
-- kind: view
-- grain: facet, cluster_id
select
    gated_clusters.facet::varchar as facet,
    gated_clusters.cluster_id::varchar as cluster_id,
    -- for authorised people only: no gate, so a cluster without a name is called by its id
    coalesce(cluster_names.name, case when mode = 'safety' then gated_clusters.cluster_id end)::varchar as name,
    coalesce(cluster_names.description, case when mode = 'safety' then '' end)::varchar as description,
    gated_clusters.conversations::bigint as conversations,
    gated_clusters.users::integer as users
from gated_clusters
inner join cluster_names using (facet, cluster_id)
inner join name_audits using (facet, cluster_id)
anti join hidden_clusters using (facet, cluster_id)
cross join settings
where gated_clusters.passes and name_audits.passes
