-- One row: the questions of all facets as JSON, asked together about each conversation.
-- kind: view
-- grain: one row
with

asked as (
    select facet, struct_pack(question := question, kind := kind, choices := choices) as question
    from facets
    where kind <> 'taxonomy'
)

select to_json(map_from_entries(list(struct_pack(k := facet, v := question) order by facet)))::varchar as questions
from asked
