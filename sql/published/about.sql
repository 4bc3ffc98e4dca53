-- One row: what these tables were made with.
-- kind: view
-- grain: one row
select
    build_info.built_at::timestamp as built_at,                 -- UTC
    build_info.made_by::varchar as made_by,                    -- who extracted, named and built the hierarchy
    build_info.provider::varchar as provider,
    build_info.embedding_model::varchar as embedding_model,
    build_info.clio_sql_version::varchar as clio_sql_version,
    build_info.duckdb_version::varchar as duckdb_version,
    build_info.sql_hash::varchar as sql_hash,                  -- of every SQL file of the analysis
    input.format::varchar as source_format,
    input.privacy_unit::varchar as privacy_unit,               -- user, or conversation: then each conversation counts as a person
    settings.mode::varchar as mode,
    settings.min_users::integer as min_users,
    settings.min_conversations::integer as min_conversations,
    settings.max_user_share::double as max_user_share,
    settings.min_audit_rating::integer as min_audit_rating,
    settings.round_to::integer as round_to,
    settings.epsilon::double as epsilon,                       -- NULL: counts carry no noise
    noise_budget.epsilon_spent::double as epsilon_spent,       -- of all builds of this folder so far
    settings.conversations_per_user::integer as conversations_per_user,     -- that count of one person, where epsilon is set
    settings.conversations_per_cluster::integer as conversations_per_cluster,
    settings.max_base_clusters::integer as max_base_clusters,
    settings.levels::integer as levels,
    settings.top_clusters::integer as top_clusters,
    settings.period::varchar as period,
    settings.seed::integer as seed
from settings cross join input cross join build_info cross join noise_budget
