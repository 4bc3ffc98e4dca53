-- One row per base cluster that is named again: its first name uses a word too few users wrote, or is taken, or missing.
-- kind: table
-- grain: facet, cluster_id
-- The prompt says which words it may not use, and which phrases are taken; siblings with the same name are named with
-- each other's texts, or phrases, in view. A name is not audited yet here, and goes into no other prompt.
with

gone as (
    select facet, coalesce(list(lower(name) order by cluster_id) filter (status = 'ok'), []) as names
    from first_names
    group by facet
),

failing as materialized (
    select
        facet, cluster_id, status, lower(name) as name, kept, unsupported,
        status = 'ok' and count(*) over (partition by facet, status, lower(name)) > 1 as alike
    from first_names
    qualify status = 'failed' or alike or len(unsupported) > 0
),

evidence as (
    select failing.facet, failing.cluster_id, flatten(list(
        case when len(members) > 0 then members else phrases end[:10] order by name_requests.cluster_id
    )) as texts
    from failing
    inner join failing as twin
        on twin.facet = failing.facet and twin.name = failing.name and twin.cluster_id <> failing.cluster_id
    inner join name_requests on name_requests.facet = twin.facet and name_requests.cluster_id = twin.cluster_id
    where failing.alike and twin.alike
    group by all
),

asked as materialized (
    select
        facet, cluster_id, supported,
        clio_name_raw(
            members,
            list_concat(coalesce(evidence.texts, []), neighbours),
            criteria,
            phrases,
            list_filter(
                terms,
                lambda term: list_contains(gone.names, term) and (alike or term is distinct from failing.name)
                    or alike and contains(concat(' ', failing.name, ' '), concat(' ', term, ' '))
            ),
            list_filter(coalesce(unsupported, []), lambda word: word <> '')
        ) as answer
    from failing
    inner join name_requests using (facet, cluster_id)
    inner join gone using (facet)
    left join evidence using (facet, cluster_id)
    where not failing.kept
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    name::varchar as name,
    description::varchar as description,
    status::varchar as status,                                                  -- ok, or why there is no name
    case when status = 'ok' then
        if(trim(coalesce(name, '')) = '', [''], clio_unsupported(concat(name, '. ', description), supported))
    end::varchar[] as unsupported
from (select facet, cluster_id, supported, answer.status, answer.value.name, answer.value.description from asked)
