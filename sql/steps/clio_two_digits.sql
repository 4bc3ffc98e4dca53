-- clio_two_digits(number): rounded to two significant digits: 0.01234 is 0.012, 1,850 is 1,900. NULL for NULL, NaN and infinity.
create or replace macro clio_two_digits(number) as
    case when isfinite(number) then format('{:.1e}', number::double)::double end
