-- What users of one plan ask for more than those of another: free against team; only what is hardly chance.
select
    level, name,
    round(share_a, 3) as of_free,                              -- part of the conversations on that plan, of those whose clusters are known
    round(share_b, 3) as of_team,
    round(difference, 3) as difference,
    round(low, 3) as low,                                      -- 95% interval, with users as the unit
    round(high, 3) as high,
    round(q, 3) as q
from cluster_comparisons inner join clusters using (facet, level, cluster_id)
where breakdown = 'plan' and value_a = 'free' and value_b = 'team' and q < 0.05
order by level desc, abs(difference) desc, name
