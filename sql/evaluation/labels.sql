-- One row per conversation of the input that has one label: which known topic it is about. Needs the view `given`.
select
    conversation_id::varchar as conversation_id,
    min(label)::varchar as label,
    min(language)::varchar as language                -- NULL: the input has no such column
from given
where conversation_id is not null and label is not null
group by conversation_id
having count(distinct label) = 1                      -- rows that contradict one another say nothing
