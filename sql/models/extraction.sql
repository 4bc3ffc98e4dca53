-- One row: the settings that decide who is asked what. Apart from the others, so that another threshold asks nothing again.
-- kind: table
-- grain: one row
select
    extract_sample::bigint as extract_sample,      -- as in settings
    text_by::varchar as text_by
from settings
