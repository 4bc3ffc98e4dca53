-- One row per cell of a base cluster and user: conversations as last published and today.
-- kind: table
-- grain: base_cell, person
-- by: facet, cluster_id, user_id
-- Without a user id, a row is of conversations without one, and of users who are gone: as many as `gone` says.
with

both_days as (
    select
        relation, facet, cluster_id, breakdown, value, user_id,
        case when user_id is null then people else 0 end as gone,
        conversations, 0 as conversations_today,
        independent_people as independent, 0 as independent_today
    from published_figures
    union all
    select
        relation, facet, cluster_id, breakdown, value, user_id,
        0, 0, conversations, 0, case when independent then 1 else 0 end
    from cells
),

shown as (
    select facet, cluster_id from hierarchy where level = 0
)

select
    clio_cell(relation, facet, cluster_id, breakdown, value)::ubigint as base_cell,
    (case when user_id is not null then hash(user_id) end)::ubigint as person,
    (case when user_id is not null then hash(user_id) % 256 else 0 end)::integer as part,    -- of all users, who are added up part by part
    sum(gone)::integer as gone,
    sum(conversations)::integer as conversations,               -- as last published
    sum(conversations_today)::integer as conversations_today,
    sum(independent)::integer as independent,                   -- users who count towards thresholds, see independent_texts
    sum(independent_today)::integer as independent_today
from both_days semi join shown using (facet, cluster_id)
group by all
