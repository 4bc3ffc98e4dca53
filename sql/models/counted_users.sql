-- One row per user who counts towards the thresholds: here everybody with an id. Replace it to leave out bots, test or new accounts.
-- kind: view
-- grain: user_id
-- by: user_id; distinct
--
-- The conversations of other users are analysed like all others, and add no user to any figure.
select distinct trim(user_id, concat(' ', chr(9), chr(10), chr(13)))::varchar as user_id
from source
where trim(user_id, concat(' ', chr(9), chr(10), chr(13))) <> ''
