-- Who answered each facet: a language model, a rule or a regression, how often it was unsure, and how far a regression agrees
-- with the model. Needs the warehouse.
with

answered as (
    select
        facet,
        count(*) as conversations,
        count(*) filter (answered_by = 'model') as by_model,
        count(*) filter (answered_by = 'rule') as by_rule,
        count(*) filter (answered_by = 'proxy') as by_proxy,
        count(*) filter (status = 'unsure') as unsure
    from facet_values
    group by facet
)

select
    answered.*,
    round(proxies.agreement, 3) as agreement,                -- share of the held-out answers of the model that it gives too
    round(proxies.low, 3) as low,
    round(proxies.high, 3) as high,
    if(proxies.facet is not null, proxies.call is null, null) as answers    -- false: it agrees too seldom, so the model went on
from answered left join proxies on proxies.facet = answered.facet
order by answered.facet
