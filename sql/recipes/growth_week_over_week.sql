-- How each cluster grew against the week just before; a week below the gate is hidden, and so is growth from it. Whole weeks only.
select
    clusters.name,
    current_week.period as week,
    earlier_week.conversations as before,
    current_week.conversations as now,
    round(current_week.conversations / earlier_week.conversations - 1, 2) as growth    -- 0.5: half as many again
from cluster_trends as current_week
cross join about
inner join cluster_trends as earlier_week
    on earlier_week.facet = current_week.facet and earlier_week.cluster_id = current_week.cluster_id
    -- the period that the day before this one's first day lies in
    and earlier_week.period = date_trunc(about.period, current_week.period - interval 1 day)
inner join clusters on clusters.facet = current_week.facet and clusters.cluster_id = current_week.cluster_id
where current_week.facet = 'request' and current_week.complete and earlier_week.complete and earlier_week.conversations > 0
order by current_week.period desc, growth desc, clusters.name
