-- clio_compare(breakdown, a, b): what differs between two values of a breakdown, or two periods, as cluster_comparisons has it.
-- A table function, for everybody: clio_compare('plan', 'free', 'team'); breakdown 'period' compares two periods by their
-- first days. It reads the published tables of the current schema and nothing else. No rows where a value is not published.
create or replace macro clio_compare(
    breakdown, a, b, clusters := 'clusters', cells := 'cluster_facets', trends := 'cluster_trends', about := 'about'
) as table
with

pair as (
    select breakdown::varchar as breakdown, a::varchar as value_a, b::varchar as value_b
),

compared as (from clio_compared('pair', clusters, cells, trends, about))

select * from compared
