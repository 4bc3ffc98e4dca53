-- clio_margin(salt, identity, most): how many users above the threshold one thing needs, 0 to most.
-- The same for the same salt and identity, so that repeating a build tells nothing; without the salt nobody can say it.
-- Each number from 0 to most is as likely. NULL where any argument is NULL, and then no threshold is met.
create or replace macro clio_margin(salt, identity, most) as
    case
        when salt is not null and identity is not null
            then cast(md5_number_lower(concat(salt, chr(31), identity)) % (most + 1) as integer)
    end;
