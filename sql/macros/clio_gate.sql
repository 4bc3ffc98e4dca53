-- clio_gate(people, conversations, most, min_users, min_conversations, max_user_share): whether a figure may be told.
-- The gate of every published figure: enough people are behind it, enough conversations, and no one person has too many of
-- them. most: conversations of the person who has most; NULL where none has a user_id. The last three are those of
-- settings. Never NULL: false where any other is NULL, or any is NaN.
create or replace macro clio_gate(people, conversations, most, min_users, min_conversations, max_user_share) as
    coalesce(
        people >= min_users and conversations >= min_conversations
        and coalesce(most, 0) <= max_user_share * conversations
        and greatest(people, conversations, max_user_share) < 'infinity'::double,  -- NaN is more than any number
        false
    );
