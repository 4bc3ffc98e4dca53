-- One row per conversation that is analysed: all, or a sample that is part of any larger sample with the same seed.
-- kind: table
-- grain: conversation_id
with

-- the number of answers in each, if that matters: else no message is read
answers as (
    select conversation_id, len(list_filter(messages, lambda message: message.role = 'assistant')) as answers
    from conversations cross join settings
    where sample_by = 'message'
),

weighed as (
    select
        conversation_id,
        md5(concat(seed, conversation_id)) as hash,
        date_trunc(settings.sample_strata, created_at) as stratum,           -- NULL: all are one stratum
        case sample_by
            when 'conversation' then 1
            when 'message' then greatest(1, answers)                         -- one without any counts as one
        end as weight
    from conversations left join answers using (conversation_id) cross join settings
),

-- an exponential key per conversation: those with the smallest keys are a sample without replacement, each as likely to be
-- drawn as its weight says, as if answers were drawn one by one and each conversation kept once
drawn as (
    select
        conversation_id, hash, stratum, weight,
        -ln((cast(concat('0x', substring(hash, 1, 13)) as bigint) + 0.5) / pow(2, 52)) / weight as place
    from weighed
),

-- strata take turns in proportion to their weight, so each has its share in a sample of any size
placed as (
    select
        conversation_id, hash, place,
        (row_number() over (partition by stratum order by place, hash) - 0.5)
            / sum(weight) over (partition by stratum) as turn
    from drawn
),

taken as (
    select placed.conversation_id, seed, template_conversations
    from placed cross join settings
    qualify row_number() over (order by turn, place, hash, placed.conversation_id) <= sample_conversations
        or sample_conversations is null
)

select
    conversation_id::varchar as conversation_id,
    -- whether it is looked through for texts of the operator, as `template_conversations` of them are
    (row_number() over (order by md5(concat(seed, conversation_id))) <= template_conversations)::boolean as is_looked_at
from taken
