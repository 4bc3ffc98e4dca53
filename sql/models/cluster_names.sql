-- One row per base cluster that passes the gate: its name and description, or a status that says why it has none.
-- kind: table
-- grain: facet, cluster_id
-- kept: last
-- If both answers use unsupported words, the cluster is called by the best phrase that is its own.
with

answers as (
    select
        first_names.facet, first_names.cluster_id, first_names.kept, first_names.made_with,
        second_names.status = 'ok' or second_names.status is not null and coalesce(len(first_names.unsupported), 0) = 0 as again,
        case when again then second_names.name else first_names.name end as name,
        case when again then second_names.description else first_names.description end as description,
        case when again then second_names.status else first_names.status end as status,
        case when again then second_names.unsupported else first_names.unsupported end as unsupported
    from first_names left join second_names using (facet, cluster_id)
),

best as (
    select
        cluster_titles.facet, cluster_titles.cluster_id,
        concat(upper(term[1]), term[2:]) as name,
        concat('Users write about ''', term, '''.') as description
    from cluster_titles
    anti join answers on answers.facet = cluster_titles.facet and lower(answers.name) = term and len(answers.unsupported) = 0
    where source = 'found'
),

chosen as (
    select
        answers.facet, answers.cluster_id, kept, made_with, conversations,
        answers.status = 'ok' and len(answers.unsupported) > 0 and best.name is not null as falls_back,
        case when falls_back then best.name else answers.name end as name,
        case when falls_back then best.description else answers.description end as description,
        answers.status
    from answers
    inner join gated_clusters using (facet, cluster_id)
    left join best using (facet, cluster_id)
),

distinct_names as (
    select
        chosen.*,
        status = 'ok' and row_number() over (
            partition by facet, lower(name) order by kept desc, falls_back, conversations desc, cluster_id
        ) > 1 as repeated
    from chosen
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    case when not repeated then name end::varchar as name,
    case when not repeated then description end::varchar as description,
    case when repeated then 'repeated' else status end::varchar as status,            -- ok, or why there is no name
    kept::boolean as kept,                                                            -- whether it is the name of the last build
    falls_back::boolean as falls_back,                                                -- whether it is called by its best phrase
    made_with::varchar as made_with                                                   -- hash of who named it, and from what
from distinct_names
