-- One row per base cluster that passes the gate: the name of the last build if it still holds, else the first answer.
-- kind: table
-- grain: facet, cluster_id
-- A cluster that is almost the same as in the last build keeps its name, as long as the name would pass today, and what the
-- local provider said of its language holds.
with

-- who names, by what criteria, from how many texts: if any of these changed, no name is kept
makers as (
    select
        facet,
        md5(concat_ws(' ', sample_texts, max_texts_per_user, build_info.provider, build_info.naming_model, naming_sees, criteria)) as made_with
    from facets cross join settings cross join build_info
),

kept as materialized (
    select name_requests.facet, name_requests.cluster_id, last_cluster_names.name, last_cluster_names.description
    from name_requests
    inner join cluster_ids using (facet, cluster_id)
    inner join last_cluster_names
        on last_cluster_names.facet = name_requests.facet and last_cluster_names.cluster_id = cluster_ids.last_cluster_id
    inner join makers
        on makers.facet = name_requests.facet and makers.made_with = last_cluster_names.made_with
    inner join last_name_audits
        on last_name_audits.facet = name_requests.facet and last_name_audits.cluster_id = cluster_ids.last_cluster_id
    left join last_cluster_languages
        on last_cluster_languages.facet = name_requests.facet and last_cluster_languages.cluster_id = cluster_ids.last_cluster_id
    left join cluster_languages
        on cluster_languages.facet = name_requests.facet and cluster_languages.cluster_id = name_requests.cluster_id
    cross join settings
    cross join build_info
    where cluster_ids.similarity >= keep_name_similarity
        and (
            build_info.provider <> 'local' or coalesce(last_cluster_languages.language, 'English') = 'English'
            or cluster_languages.language is not distinct from last_cluster_languages.language
        )
        and last_name_audits.passes and last_name_audits.rating >= min_audit_rating
        and len(clio_unsupported(
            clio_unreviewed(last_cluster_names.name, last_cluster_names.description, build_info.provider), supported
        )) = 0
),

-- only the local provider has topics, see cluster_topics
topics as materialized (
    select
        cluster_titles.facet, cluster_titles.cluster_id, term,
        concat(
            'Users write about it in their own words',
            case when language = 'English' then ', or in several languages' end,
            case when len(terms) > 0 then concat('; some mention ''', array_to_string(terms[:3], ''', '''), '''') end, '.',
            case when language <> 'English' then concat(' Most of it is in ', language, '; in English: ''', english, '''.') end
        ) as description
    from cluster_titles
    inner join name_requests using (facet, cluster_id)
    inner join cluster_topics using (facet, cluster_id)
    anti join kept using (facet, cluster_id)
    where source = 'topic' and cluster_topics.name = term
),

asked as materialized (
    select facet, cluster_id, clio_name_raw(members, neighbours, criteria, phrases, taken, []) as answer
    from name_requests
    anti join kept using (facet, cluster_id)
    anti join topics using (facet, cluster_id)
),

answered as (
    select facet, cluster_id, answer.value.name, answer.value.description, answer.status, false as kept from asked
    union all
    select facet, cluster_id, term, description, 'ok', false from topics
    union all
    select facet, cluster_id, name, description, 'ok', true from kept
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    name::varchar as name,
    description::varchar as description,
    status::varchar as status,                                                        -- ok, or why there is no name
    kept::boolean as kept,                                                            -- whether it is the name of the last build
    case when status = 'ok' then
        if(trim(coalesce(name, '')) = '', [''], clio_unsupported(clio_unreviewed(name, description, provider), supported))
    end::varchar[] as unsupported,                                                    -- words that may not be published; '' for what can never be: a number, an address, …
    made_with::varchar as made_with                                                   -- hash of who named it, and from what
from answered
inner join name_requests using (facet, cluster_id)
inner join makers using (facet)
cross join build_info
