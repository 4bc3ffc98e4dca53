-- What the analysis has cost so far, one row per model and function; none with the local provider. Needs the warehouse.
select
    model,
    function,
    sum(calls) as calls,
    sum(tokens_in) as tokens_in,
    sum(tokens_out) as tokens_out,
    round(sum(usd), 2) as usd,
    round(sum(sum(usd)) over (), 2) as usd_in_all
from clio_state.spend
group by model, function
order by usd desc, model, function
