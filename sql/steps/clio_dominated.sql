-- clio_dominated(most, two, total, max_user_share): whether one or two users have so much of a sum that it reveals what is theirs.
-- most: the largest amount of one user; two: the two largest added up; total: the sum of all users. None is negative.
-- One may have max_user_share of it, and two 80%, or what one may have if that is more. Never NULL: true if any argument is
-- NULL, NaN or infinite.
create or replace macro clio_dominated(most, two, total, max_user_share) as
    not coalesce(
        most <= max_user_share * total
        and two <= greatest(0.8, max_user_share) * total
        and greatest(most, two, total, max_user_share) < 'infinity'::double,  -- NaN is more than any number
        false
    )
