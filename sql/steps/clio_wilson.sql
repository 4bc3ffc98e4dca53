-- clio_wilson(part, whole): the 95% interval of a share by Wilson's score, STRUCT(low, high), 0 to 1. NULL where whole is 0.
create or replace macro clio_wilson(part, whole) as (
    select {'low': greatest(0, middle - reach), 'high': least(1, middle + reach)}
    from (
        select
            (share + 1.96 * 1.96 / (2 * n)) / (1 + 1.96 * 1.96 / n) as middle,
            1.96 * sqrt(share * (1 - share) / n + 1.96 * 1.96 / (4 * n * n)) / (1 + 1.96 * 1.96 / n) as reach
        from (select part / whole as share, whole::double as n where whole > 0)
    )
);
