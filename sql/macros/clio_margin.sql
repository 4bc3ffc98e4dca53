-- clio_margin(salt, identity, most): how many users above the threshold one thing needs, 0 to most.
-- The same for the same salt and identity, so repeating a build reveals nothing; without the salt it cannot be known.
-- Each number from 0 to most is equally likely. NULL where any argument is NULL, and then no threshold is met.
create or replace macro clio_margin(salt, identity, most) as
    case
        when salt is not null and identity is not null
            then cast(md5_number_lower(concat(salt, chr(31), identity)) % (most + 1) as integer)
    end;
