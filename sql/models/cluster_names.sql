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

-- siblings that came out alike, or without a name, are named once more, knowing which of their own phrases are
-- gone: a name is not audited yet, and goes into no other prompt
gone as (
    select facet, coalesce(list(lower(answer.value.name) order by cluster_id) filter (answer.status = 'ok'), []) as names
    from first
    group by facet
),

alike as materialized (
    select first.facet, first.cluster_id, concat(' ', lower(answer.value.name), ' ') as name
    from first inner join gated_clusters using (facet, cluster_id)
    qualify answer.status = 'failed'
        or row_number() over (partition by facet, lower(answer.value.name) order by conversations desc, cluster_id) > 1
),

second as materialized (
    select
        facet, cluster_id,
        clio_name_raw(members, neighbours, criteria, terms, list_filter(
            terms,
            lambda term: list_contains(gone.names, term) or contains(alike.name, concat(' ', term, ' '))
        )) as answer
    from alike inner join groups using (facet, cluster_id) inner join gone using (facet)
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
