-- One row per case that clio_gate decides differently from what the thresholds say. No rows = pass.
select *
from (
    values
        (10, 20, 10, 10, 20, 0.5, true),                  -- the fewest allowed
        (9, 20, 10, 10, 20, 0.5, false),
        (10, 19, 9, 10, 20, 0.5, false),
        (10, 20, 11, 10, 20, 0.5, false),                 -- one user has more than half
        (10, 20, null, 10, 20, 0.5, true),                -- none has a user_id, for example because all are gone
        (0, 40, null, 10, 20, 0.5, false),
        (null, 20, 1, 10, 20, 0.5, false),                -- a number that is missing
        (10, null, 1, 10, 20, 0.5, false),
        (10, 20, 1, null, 20, 0.5, false),                -- a threshold that is missing
        (10, 20, 1, 10, null, 0.5, false),
        (10, 20, 1, 10, 20, null, false),
        (10, 20, 1, 10, 20, 'nan'::double, false)
) as cases(people, conversations, most, min_users, min_conversations, max_user_share, passes)
where clio_gate(people, conversations, most, min_users, min_conversations, max_user_share) is distinct from passes
