-- One row: the questions that are asked together about a conversation, as JSON. NULL: there are none.
-- kind: view
-- grain: one row
with

asked as (
    select asked, struct_pack(k := facet, v := question) as entry from asked_facets
)

select
    to_json(map_from_entries(list(entry order by entry.k) filter (asked = 'together')))::varchar as questions,
    to_json(map_from_entries(list(entry order by entry.k) filter (asked = 'model')))::varchar as text_questions,       -- about every conversation, …
    to_json(map_from_entries(list(entry order by entry.k) filter (asked = 'rule')))::varchar as rule_questions,        -- … answered by rule, …
    to_json(map_from_entries(list(entry order by entry.k) filter (asked = 'sample')))::varchar as sample_questions     -- … and about a sample
from asked
