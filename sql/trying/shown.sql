-- One row per answer to look at, in the order of the hash by which the conversations were chosen. Private.
select
    answered.conversation_id::varchar as conversation_id,
    answered.value::varchar as value,
    answered.status::varchar as status,
    list_filter(segments.messages, lambda message: message.role = 'user')[1].content::varchar as said    -- the user's first turn
from answered
inner join segments using (conversation_id)
cross join settings
order by md5(concat(settings.seed, conversation_id)), conversation_id
limit ?
