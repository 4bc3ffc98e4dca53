-- One row per conversation and measure that it has a number of, such as what it cost or how it was rated.
-- kind: view
-- grain: conversation_id, measure
-- by: conversation_id
-- Measures are the columns that --measure names. NULL, NaN and infinity are no number.
with

wanted as (
    select distinct unnest(measures) as measure from input
),

of_input as (
    select conversation_id, measure, try_cast(metadata[measure] as double) as amount
    from segments cross join wanted
)

select
    conversation_id::varchar as conversation_id,
    measure::varchar as measure,
    clio_two_digits(amount)::double as amount      -- rounded before anything is made of it
from of_input
where isfinite(amount)
