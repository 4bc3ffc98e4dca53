-- One row per breakdown whose figures are neither all of today nor all as last published. No rows = pass.
--
-- Figures are compared by sums of hashes over the users behind them; users who are in no conversation any more are a number.
with

days as (
    select 'basis' as day, relation, facet, cluster_id, breakdown, value, user_id, people, independent_people, conversations from published_figures
    union all
    select 'today', relation, facet, cluster_id, breakdown, value, user_id, if(user_id is null, 0, 1), independent::integer, conversations
    from cells
    union all
    select 'last', relation, facet, cluster_id, breakdown, value, known.user_id, people, independent_people, conversations
    from figures_before
    left join (select distinct user_id from conversations where user_id is not null) as known using (user_id)
),

lines as (
    select
        relation, facet, cluster_id, breakdown, day,
        sum(conversations * hash(value, user_id)::hugeint) as conversations,
        sum(people * hash(value, user_id)::hugeint) as people,
        sum(independent_people * hash(value, user_id)::hugeint) as independent_people
    from days
    group by relation, facet, cluster_id, breakdown, day
)

select basis.relation, basis.facet, basis.cluster_id, basis.breakdown
from (from lines where day = 'basis') as basis
anti join (from lines where day <> 'basis') as others
    using (relation, facet, cluster_id, breakdown, conversations, people, independent_people)
