-- clio_gate(people, conversations, most, min_users, min_conversations, max_user_share): whether a figure may be published.
-- The gate of every published figure: enough users are behind it, enough conversations, and no one user has too many of
-- them. most: conversations of the user who has most; NULL if none has a user_id. The last three are the thresholds,
-- with a margin where there is one. Never NULL: false if any other argument is NULL, or any is NaN.
create or replace macro clio_gate(people, conversations, most, min_users, min_conversations, max_user_share) as
    coalesce(
        people >= min_users and conversations >= min_conversations
        and coalesce(most, 0) <= max_user_share * conversations
        and greatest(people, conversations, max_user_share) < 'infinity'::double,  -- NaN is more than any number
        false
    );
