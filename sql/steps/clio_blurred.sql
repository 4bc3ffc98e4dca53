-- clio_blurred(salt, identity, users, band): a number of users, rounded to the middle of a band of `band` users whose
-- place depends on the secret and on what is counted. At least 1; with a band of 1 it is the number itself. One more user
-- changes it in one of `band` cases, and without the secret nobody can tell in which.
create or replace macro clio_blurred(salt, identity, users, band) as
    greatest(
        1,
        users - (users + clio_margin(salt, concat('band/', identity), band - 1)) % band + band // 2
    );
