-- Which two requests do users make in one conversation? By topic, with segment_by; no rows without it.
-- Needs the warehouse, and counts exactly, so the result must stay there.
with

parts as (
    select memberships.facet, memberships.cluster_id, segments.whole_id, memberships.user_id
    from memberships inner join segments using (conversation_id)
    where level = 0
),

together as (
    select
        one.facet, one.cluster_id as cluster_a, other.cluster_id as cluster_b,
        count(distinct one.whole_id) as conversations,
        count(distinct one.user_id) as users
    from parts as one
    inner join parts as other
        on other.facet = one.facet and other.whole_id = one.whole_id and other.cluster_id > one.cluster_id
    group by one.facet, one.cluster_id, other.cluster_id
)

select together.facet, a.name as name_a, b.name as name_b, together.conversations, together.users
from together
inner join clusters as a on a.facet = together.facet and a.cluster_id = together.cluster_a
inner join clusters as b on b.facet = together.facet and b.cluster_id = together.cluster_b
cross join settings
where together.users >= settings.min_users
order by together.facet, together.conversations desc, name_a, name_b
