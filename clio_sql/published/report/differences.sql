-- One row per comparison that the page lists: of each pair of values the 15 largest differences that are hardly chance.
-- Periods are left to the trends.
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    breakdown::varchar as breakdown,
    value_a::varchar as value_a,
    value_b::varchar as value_b,
    share_a::double as share_a,
    share_b::double as share_b,
    clio_percent(share_a)::varchar as percent_a,
    clio_percent(share_b)::varchar as percent_b,
    low::double as low,
    high::double as high
from cluster_comparisons
where breakdown <> 'period' and q < 0.05
qualify row_number() over (
    partition by facet, breakdown, value_a, value_b order by abs(difference) desc, level desc, cluster_id
) <= 15
order by facet, breakdown, value_a, value_b, abs(difference) desc, level desc, cluster_id
