-- One row per named base cluster: whether its name and description might identify someone, and if so, why.
-- kind: table
-- grain: facet, cluster_id
-- kept: last
with

texts as (
    select
        facet, cluster_id, name, description, clio_audited(name, description, provider) as text,
        case when status = 'ok' and coalesce(trim(name), '') = '' then 'malformed' else status end as status
    from cluster_names cross join build_info
),

rated as materialized (
    select facet, cluster_id, clio_audit_raw(text) as answer
    from texts
    where status = 'ok'
),

worded as (
    select facet, cluster_id, clio_unsupported(clio_unreviewed(name, description, provider), supported) as unsupported
    from texts left join name_requests using (facet, cluster_id) cross join build_info
    where status = 'ok'
),

judged as (
    select
        texts.facet,
        texts.cluster_id,
        answer.value.rating as rating,
        coalesce(list_filter(worded.unsupported, lambda word: word <> ''), []) as unsupported_terms,
        case
            when mode = 'safety' then null                 -- for authorised people only: no gate
            when texts.status <> 'ok' then concat('name_', texts.status)
            when answer.status is distinct from 'ok' or answer.value.rating is null then 'audit_error'
            when min_audit_rating is null or min_users is null then 'missing_setting'
            when answer.value.rating < min_audit_rating then 'audit_failed'
            when coalesce(len(worded.unsupported), 1) > 0 then 'unsupported_terms'
        end as reason
    from texts
    left join rated using (facet, cluster_id)
    left join worded using (facet, cluster_id)
    cross join settings
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    rating::integer as rating,                             -- 1 names a person, 5 nothing identifying
    unsupported_terms::varchar[] as unsupported_terms,     -- words that too few users of the cluster wrote
    (reason is null)::boolean as passes,
    reason::varchar as reason                              -- NULL if it passes
from judged
