-- One row per facet that is asked about conversations: its question, who answers it, and about which of them.
-- kind: view
-- grain: facet
with

given as (
    select
        facets.facet,
        facets.kind,
        struct_pack(question := facets.question, kind := facets.kind, choices := facets.choices) as question,
        case
            when provider = 'local' or (extract_sample is null and text_by = 'model') then 'together'
            when facets.kind <> 'text' then 'sample'
            else text_by
        end as asked,
        concat_ws(' ', provider, model, base_url) as answered_by
    from facets cross join extraction
    where facets.kind <> 'taxonomy'
)

select
    facet::varchar as facet,
    kind::varchar as kind,
    question::struct(question varchar, kind varchar, choices varchar[]) as question,
    asked::varchar as asked,       -- together: all facets in one call about each conversation; else model, rule or sample
    md5(concat(answered_by, to_json(question)))::varchar as question_hash         -- says whether it is another question, or another model
from given
