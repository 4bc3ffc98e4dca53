-- One row a base cluster that passes the gate: its name and description, or a status that says why it has none.
-- kind: table
-- grain: facet, cluster_id
-- A cluster that is as good as the same as in the last build keeps its name, as long as the name would pass today.
with

-- who names, by what criteria, from how many texts: where that changed, no name is kept
makers as (
    select
        facet,
        md5(concat_ws(' ', sample_texts, max_texts_per_user, build_info.provider, build_info.naming_model, criteria)) as made_with
    from facets cross join settings cross join build_info
),

unsupported as (
    select needed.facet, cluster_ids.cluster_id
    from cluster_ids
    inner join (
        select facet, cluster_id as last_cluster_id, unnest(needed_lemmas) as lemma from last_name_audits
    ) as needed on needed.facet = cluster_ids.facet and needed.last_cluster_id = cluster_ids.last_cluster_id
    left join supported_words
        on supported_words.facet = needed.facet
        and supported_words.cluster_id = cluster_ids.cluster_id
        and supported_words.lemma = needed.lemma
    where supported_words.users is null
),

kept as materialized (
    select gated_clusters.facet, gated_clusters.cluster_id, last_cluster_names.name, last_cluster_names.description
    from gated_clusters
    inner join cluster_ids using (facet, cluster_id)
    inner join last_cluster_names
        on last_cluster_names.facet = gated_clusters.facet and last_cluster_names.cluster_id = cluster_ids.last_cluster_id
    inner join makers
        on makers.facet = gated_clusters.facet and makers.made_with = last_cluster_names.made_with
    inner join last_name_audits
        on last_name_audits.facet = gated_clusters.facet and last_name_audits.cluster_id = cluster_ids.last_cluster_id
    anti join unsupported
        on unsupported.facet = gated_clusters.facet and unsupported.cluster_id = gated_clusters.cluster_id
    cross join settings
    where gated_clusters.passes
        and cluster_ids.similarity >= keep_name_similarity
        and last_name_audits.passes and last_name_audits.rating >= min_audit_rating
),

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

unnamed as materialized (
    select groups.* from groups anti join kept using (facet, cluster_id)
),

asked as materialized (
    select facet, cluster_id, clio_name_raw(members, neighbours, criteria, terms, taken) as answer
    from unnamed
),

first as materialized (
    select facet, cluster_id, false as kept, answer from asked
    union all
    select
        facet, cluster_id, true,
        struct_pack(value := struct_pack(name := name, description := description), status := 'ok', error := null::varchar)
    from kept
),

-- siblings that came out alike, or without a name, are named once more: with each other's texts in view, and knowing
-- which of their own phrases are gone (a name is not audited yet, and goes into no other prompt)
gone as (
    select facet, coalesce(list(lower(answer.value.name) order by cluster_id) filter (answer.status = 'ok'), []) as names
    from first
    group by facet
),

alike as materialized (
    select facet, cluster_id, answer.status as status, lower(answer.value.name) as name, kept
    from first
    qualify not kept and answer.status = 'failed'
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
    where not alike.kept
),

chosen as (
    select facet, cluster_id, kept, coalesce(second.answer, first.answer) as answer
    from first left join second using (facet, cluster_id)
),

distinct_names as (
    select
        chosen.*,
        answer.status = 'ok' and row_number() over (
            partition by facet, lower(answer.value.name) order by kept desc, conversations desc, cluster_id
        ) > 1 as repeated
    from chosen inner join gated_clusters using (facet, cluster_id)
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    case when not repeated then answer.value.name end::varchar as name,
    case when not repeated then answer.value.description end::varchar as description,
    case when repeated then 'repeated' else answer.status end::varchar as status,     -- ok, or why there is no name
    kept::boolean as kept,                                                            -- the name of the last build
    made_with::varchar as made_with                                                   -- hash of who named it, and by what
from distinct_names inner join makers using (facet)
