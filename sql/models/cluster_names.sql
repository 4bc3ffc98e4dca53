-- One row a base cluster that passes the gate: its name and description, or a status that says why it has none.
-- kind: table
-- grain: facet, cluster_id
with

owned as (
    select facet, cluster_id, term, score, arg_max(cluster_id, score) over (partition by facet, term) = cluster_id as own
    from cluster_terms
    where score > 0
),

terms as (
    select
        facet,
        cluster_id,
        list(term order by score desc, term)[:100] as terms,
        coalesce(list(term order by score desc, term) filter (not own), []) as taken
    from owned
    group by all
),

groups as materialized (
    select
        cluster_samples.facet,
        cluster_samples.cluster_id,
        members,
        neighbours,
        criteria,
        coalesce(terms, []) as terms,
        coalesce(taken, []) as taken
    from cluster_samples
    inner join facets using (facet)
    left join terms using (facet, cluster_id)
),

first as materialized (
    select facet, cluster_id, clio_name_raw(members, neighbours, criteria, terms, taken) as answer
    from groups
),

-- siblings that came out alike, or without a name, are named once more: with each other's texts in view, and knowing
-- which of their own phrases are gone (a name is not audited yet, and goes into no other prompt)
gone as (
    select facet, coalesce(list(lower(answer.value.name) order by cluster_id) filter (answer.status = 'ok'), []) as names
    from first
    group by facet
),

alike as materialized (
    select facet, cluster_id, answer.status as status, lower(answer.value.name) as name
    from first
    qualify answer.status = 'failed'
        or answer.status = 'ok' and count(*) over (partition by facet, answer.status, lower(answer.value.name)) > 1
),

evidence as (
    select alike.facet, alike.cluster_id, flatten(list(groups.members[:10] order by groups.cluster_id)) as texts
    from alike
    inner join alike as twin
        on twin.facet = alike.facet and twin.name = alike.name and twin.cluster_id <> alike.cluster_id
    inner join groups on groups.facet = twin.facet and groups.cluster_id = twin.cluster_id
    group by all
),

second as materialized (
    select
        facet, cluster_id,
        clio_name_raw(
            members,
            list_concat(coalesce(evidence.texts, []), neighbours),
            criteria,
            terms,
            list_filter(
                terms,
                lambda term: list_contains(gone.names, term)
                    or coalesce(contains(concat(' ', alike.name, ' '), concat(' ', term, ' ')), false)
            )
        ) as answer
    from alike
    inner join groups using (facet, cluster_id)
    inner join gone using (facet)
    left join evidence using (facet, cluster_id)
),

chosen as (
    select facet, cluster_id, coalesce(second.answer, first.answer) as answer
    from first left join second using (facet, cluster_id)
),

distinct_names as (
    select
        chosen.*,
        answer.status = 'ok' and row_number() over (
            partition by facet, lower(answer.value.name) order by conversations desc, cluster_id
        ) > 1 as repeated
    from chosen inner join gated_clusters using (facet, cluster_id)
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    case when not repeated then answer.value.name end::varchar as name,
    case when not repeated then answer.value.description end::varchar as description,
    case when repeated then 'repeated' else answer.status end::varchar as status      -- ok, or why there is no name
from distinct_names
