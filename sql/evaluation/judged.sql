-- One row per clustered facet, base cluster, user, label and language: how many labelled conversations there are.
with

placed as (
    select facet, conversation_id, user_id, cluster_id, true as published from memberships where level = 0
    union all by name
    select facet, conversation_id, user_id, cluster_id, false as published from suppressed
),

spoken as (
    select conversation_id, value as language from facet_values where facet = 'language'
)

select
    placed.facet::varchar as facet,
    placed.cluster_id::varchar as cluster_id,         -- NULL: in no base cluster
    placed.published::boolean as published,           -- false: the base cluster is held back
    -- users are drawn; a conversation without a user id is drawn by itself
    coalesce('user ' || placed.user_id, 'conversation ' || conversation_id)::varchar as drawn,
    labels.label::varchar as label,
    coalesce(labels.language, spoken.language)::varchar as language,
    count(*)::bigint as conversations
from placed
inner join labels using (conversation_id)
left join spoken using (conversation_id)
group by all
order by all
