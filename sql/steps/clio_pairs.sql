-- clio_pairs(clusters, cells, trends, about): which values are compared: the six commonest of each breakdown with one another, and
-- each complete period with the complete one before.
create or replace macro clio_pairs(clusters, cells, trends, about) as table
with

counted as (
    select breakdown, value, sum(cell.conversations) as conversations
    from query_table(cells) as cell inner join query_table(clusters) as named using (facet, cluster_id)
    where named.parent_id is null
    group by breakdown, value
),

commonest as (
    select *, row_number() over (partition by breakdown order by conversations desc, value) as place
    from counted
    qualify place <= 6
),

periods as (
    select distinct trend.period::date as period, date_trunc(about_row.period, trend.period::date - interval 1 day)::date as before
    from query_table(trends) as trend cross join query_table(about) as about_row
    where complete
)

select a.breakdown, a.value as value_a, b.value as value_b
from commonest as a inner join commonest as b on a.breakdown = b.breakdown and a.place < b.place
union all
select 'period', strftime(period, '%Y-%m-%d'), strftime(before, '%Y-%m-%d')
from periods
where before in (select period from periods)
