-- One row per cell of a breakdown: its figures as last published, and whether it passes the gate both then and today.
-- kind: table
-- grain: cell
with

counted as (
    select
        cell,
        sum(conversations) as conversations,
        sum(conversations_today) as conversations_today,
        sum(users) as users,
        sum(independent) as independent,
        sum(independent_today) as independent_today,
        max(most) as most,
        max(most_today) as most_today
    from cell_sums
    group by cell
    having sum(conversations) > 0
),

dominated as (
    select 'cluster_measures' as relation, facet, cluster_id, measure as breakdown, true as is_dominated
    from dominated_measures
)

select
    cell::ubigint as cell,
    line::ubigint as line,
    facet::varchar as facet,
    level::integer as level,
    family::varchar as family,
    cluster_id::varchar as cluster_id,
    relation::varchar as relation,
    breakdown::varchar as breakdown,
    value::varchar as value,
    conversations::bigint as conversations,
    users::bigint as users,
    (
        value <> '' and conversations_today > 0 and is_dominated is null
        and clio_gate(independent, conversations, most, required_users, required_conversations, max_user_share)
        and clio_gate(
            independent_today, conversations_today, most_today, required_users, required_conversations, max_user_share
        )
    )::boolean as passes
from counted
inner join shown_cells using (cell)
left join dominated using (relation, facet, cluster_id, breakdown)
cross join settings
cross join (select coalesce(min_conversations_cell, min_conversations) as required_conversations from settings)
