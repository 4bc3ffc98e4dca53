-- One row: what decides who is asked what. Apart from all else of settings and build, so that no other change asks again.
-- kind: table
-- grain: one row
select
    settings.extract_sample::bigint as extract_sample,      -- as in settings
    settings.text_by::varchar as text_by,
    build_info.provider::varchar as provider,               -- as in build_info
    build_info.model::varchar as model,
    build_info.base_url::varchar as base_url
from settings cross join build_info
