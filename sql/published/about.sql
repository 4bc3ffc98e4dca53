-- One row: what these tables were made with.
-- kind: view
-- grain: one row
select
    build_info.built_at::timestamp as built_at,                 -- UTC
    build_info.made_by::varchar as made_by,                    -- who extracted, named and built the tree
    build_info.provider::varchar as provider,                  -- local, anthropic or openai
    (
        select string_agg(facets.facet, ', ' order by facets.facet)
        from facets
        where build_info.provider = 'local' and facets.kind <> 'text'
    )::varchar as guessed_facets,                              -- answered by rule, not by a language model; NULL: none
    (case when build_info.provider = 'local' then 'rule' else settings.text_by end)::varchar as text_by,    -- who answered facets of kind text: rule, or model
    settings.extract_sample::bigint as extract_sample,         -- of how many conversations a language model was asked categories and scores; NULL: of all
    regressions.used::varchar as proxies,                      -- facets that a regression answered beyond them, as 'mood 0.93 (0.92 to 0.94)': …
    regressions.unused::varchar as proxies_unused,             -- … the share of held-out answers it agreed with, and its 95% interval; those that did not
    build_info.embedding_model::varchar as embedding_model,    -- for the texts that were clustered
    build_info.clio_sql_version::varchar as clio_sql_version,  -- of clio-sql
    build_info.duckdb_version::varchar as duckdb_version,      -- of DuckDB
    build_info.sql_hash::varchar as sql_hash,                  -- of every SQL file of the analysis
    input.format::varchar as source_format,                    -- format of the input
    input.privacy_unit::varchar as privacy_unit,               -- user, or conversation: then each conversation counts as a user
    settings.mode::varchar as mode,                            -- insight: clusters below the gate are hidden
    settings.thresholds::varchar as thresholds,                -- default or strict: which values the thresholds had at first
    settings.segment_by::varchar as segment_by,                -- turns or topic: a conversation counts once in each base cluster that a part of it is in; NULL: whole conversations
    settings.min_users::integer as min_users,                  -- fewest users behind anything shown
    build_info.counted_users_replaced::boolean as counted_users_replaced,    -- true: an analysis decides whose accounts count
    settings.min_users_named::integer as min_users_named,      -- fewest users behind a word of a person's name
    settings.sensitive_share::double as sensitive_share,       -- of a cluster's users, to name what people keep to themselves, 0 to 1
    settings.min_conversations::integer as min_conversations,  -- fewest conversations behind anything shown
    coalesce(settings.min_users_cell, settings.min_users)::integer as min_users_cell,    -- fewest users behind a value or period of a cluster
    coalesce(settings.min_conversations_cell, settings.min_conversations)::integer as min_conversations_cell,    -- fewest conversations behind one
    settings.threshold_margin::integer as threshold_margin,    -- users above min_users that a thing may need, drawn from a secret
    settings.threshold_margin_of::varchar as threshold_margin_of,    -- all: also for base clusters and cells; words: not for them
    settings.max_user_share::double as max_user_share,         -- largest part of a cluster that may come from one user, 0 to 1
    settings.min_audit_rating::integer as min_audit_rating,    -- lowest rating of a name that is shown, 1 to 5
    settings.round_to::integer as round_to,                    -- counts are rounded to the nearest multiple of it
    settings.epsilon::double as epsilon,                       -- NULL: counts carry no noise
    noise_budget.epsilon_spent::double as epsilon_spent,       -- by all builds of this folder so far
    settings.conversations_per_user::integer as conversations_per_user,     -- that count of one user, if epsilon is set
    settings.naming_sees::varchar as naming_sees,              -- of a language model that names: terms, or texts of members
    settings.max_texts_per_user::integer as max_texts_per_user,    -- most texts of one user that naming saw
    settings.conversations_per_cluster::integer as conversations_per_cluster,    -- wanted size of a base cluster
    settings.max_base_clusters::integer as max_base_clusters,  -- most base clusters of a facet
    settings.levels::integer as levels,                        -- of the tree, including the base
    settings.top_clusters::integer as top_clusters,            -- about how many at the top
    trend_period.period::varchar as period,                    -- of cluster_trends: day, week, month or quarter; kept from build to build
    covered.trends_from::date as trends_from,                  -- first day of the first complete period; NULL: none, or epsilon is set
    covered.trends_until::date as trends_until,                -- first day of the last complete period
    settings.seed::integer as seed,                            -- of all sampling and clustering
    settings.near_identical::double as near_identical,         -- cosine from which two texts count as one, 0 to 1
    settings.max_text_share::double as max_text_share,         -- above it near-identical texts of a few users count for one of them
    settings.term_band::integer as term_band,                  -- users to which numbers are rounded before phrases are ordered
    corrected.applied::varchar as corrections_applied,         -- by people: how many of each kind, as 'hide 1, rename 2'; NULL: none
    corrected.waiting::varchar as corrections_waiting,         -- those that do not hold yet, or no longer
    case when epsilon is null then measured.measures end::varchar as measures    -- published of how many clusters, as 'cost 5, rating 4'; NULL: none
from settings cross join input cross join build_info cross join noise_budget cross join trend_period
cross join (
    select
        string_agg(concat(kind, ' ', number), ', ' order by kind) filter (applied) as applied,
        string_agg(concat(kind, ' ', number), ', ' order by kind) filter (not applied) as waiting
    from (select kind, applied, count(*) as number from correction_states group by kind, applied)
) as corrected
cross join (
    select
        string_agg(agreement, ', ' order by facet) filter (call is null) as used,
        string_agg(agreement, ', ' order by facet) filter (call is not null) as unused
    from (
        select facet, call, format('{} {:.2f} ({:.2f} to {:.2f})', facet, agreement, low, high) as agreement
        from proxies cross join settings
        where agreement is not null and not starts_with(facet, 'safety_')
            and users >= min_users and answers >= min_conversations    -- else it would count answers of a few
    )
) as regressions
cross join (
    select string_agg(concat(measure, ' ', number), ', ' order by measure) as measures
    from (select measure, count(*) as number from published_measures group by measure)
) as measured
left join (
    select
        period,
        clio_period_end(covered_time.period, period_before) as trends_from,
        date_trunc(covered_time.period, period_after - interval 1 day)::date as trends_until
    from covered_time
) as covered on covered.period = trend_period.period and epsilon is null and trends_from <= trends_until
