-- clio_two_sided(z): how likely a normal number is at least as extreme as z, on either side; off by at most 0.00000015. NULL gives NULL.
-- Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
create or replace macro clio_two_sided(z) as (
    select case when z is not null then least(1, greatest(0,
        t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-z * z / 2)
    )) end
    from (select 1 / (1 + 0.3275911 * abs(z) / sqrt(2)) as t)
);
