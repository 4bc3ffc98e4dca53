-- One row per cluster that a person renamed: the new name, and whether it may be shown.
-- kind: table
-- grain: facet, cluster_id
-- A person's word needs no support by users, but passes the auditor, is no name of a person, and is no other cluster's name. A
-- parent of one child is called as its child is.
with

renames as materialized (
    select facet, cluster_id as corrected_id, trim(target) as name, clio_audit_raw(trim(target)) as answer
    from corrections
    where kind = 'rename'
),

-- a cluster and its only child are the same
reached as materialized (
    select same.facet, same.cluster_id, renames.corrected_id, renames.name, renames.answer
    from renames
    inner join hierarchy as corrected on corrected.facet = renames.facet and corrected.cluster_id = renames.corrected_id
    inner join hierarchy as same
        on same.facet = corrected.facet and list_sort(same.base_cluster_ids) = list_sort(corrected.base_cluster_ids)
    qualify row_number() over (
        partition by same.facet, same.cluster_id order by same.cluster_id = renames.corrected_id desc, corrected.level
    ) = 1
),

taken as (
    select distinct reached.facet, reached.cluster_id
    from reached
    inner join hierarchy as own on own.facet = reached.facet and own.cluster_id = reached.cluster_id
    inner join hierarchy as other
        on other.facet = own.facet and list_sort(other.base_cluster_ids) <> list_sort(own.base_cluster_ids)
    left join reached as renamed on renamed.facet = other.facet and renamed.cluster_id = other.cluster_id
    where lower(reached.name) in (lower(other.name), lower(renamed.name))
)

select
    reached.facet::varchar as facet,
    reached.cluster_id::varchar as cluster_id,
    reached.corrected_id::varchar as corrected_id,     -- which the correction names
    reached.name::varchar as name,
    (answer.value.rating)::integer as rating,          -- of the auditor, 1 to 5; NULL: it did not answer
    case
        when mode = 'safety' then null                 -- for authorised people only: no gate
        when coalesce(reached.name, '') = '' then 'audit_error'
        when clio_may_identify(reached.name) is not null then clio_may_identify(reached.name)
        when answer.status is distinct from 'ok' or answer.value.rating is null then 'audit_error'
        when min_audit_rating is null then 'missing_setting'
        when answer.value.rating < min_audit_rating then 'audit_failed'
        when taken.cluster_id is not null then 'taken'
    end::varchar as reason                             -- why it is not shown; NULL: it is
from reached left join taken using (facet, cluster_id) cross join settings
