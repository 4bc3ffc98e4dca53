-- One row per run of `template_words` words and signs that occurs word for word in the first turns of enough users.
-- kind: table
-- grain: window_hash
with

enough as (
    select greatest(any_value(template_users), any_value(template_share) * count(distinct user_id)) as least_users
    from looked_at_turns cross join settings
),

windows as materialized (
    select user_id, text_hash, unnest(window_hashes) as window_hash from looked_at_turns
),

-- most occur in only one turn, and are not counted further
frequent as (
    select window_hash
    from windows cross join enough
    group by window_hash, least_users
    having count(*) >= least_users
)

select
    windows.window_hash::ubigint as window_hash,
    count(distinct windows.user_id)::integer as users,
    count(distinct windows.text_hash)::integer as texts        -- different turns that contain it
from windows inner join frequent using (window_hash) cross join enough
group by windows.window_hash, least_users
having count(distinct windows.user_id) >= least_users and count(distinct windows.text_hash) >= 2
