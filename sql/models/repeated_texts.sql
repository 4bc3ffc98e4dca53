-- One row a base cluster: its commonest text, the order of words and all that is no word apart, and who wrote it.
-- kind: table
-- grain: facet, cluster_id
with

-- near-identical texts have the same words: 'Book table 12!' and 'book table 13, book' are one
written as (
    select
        assignments.facet, assignments.cluster_id, assignments.user_id,
        coalesce(
            nullif(array_to_string(list_sort(list_distinct(list_filter(clio_words(value), lambda word: word <> ''))), ' '), ''),
            lower(trim(value))                                          -- of a script that is not split into words
        ) as text
    from assignments inner join facet_values using (conversation_id, facet)
),

counted as (
    select facet, cluster_id, text, count(*) as conversations, count(distinct user_id) as users
    from written
    group by all
),

commonest as (
    select *
    from counted
    qualify row_number() over (partition by facet, cluster_id order by conversations desc, text) = 1
)

select
    commonest.facet::varchar as facet,
    commonest.cluster_id::varchar as cluster_id,
    any_value(commonest.conversations)::bigint as conversations,        -- that say it
    any_value(commonest.users)::integer as users,                       -- distinct people who wrote it
    count(distinct written.user_id) filter (written.text <> commonest.text)::integer as other_users    -- distinct people who wrote anything else
from commonest inner join written using (facet, cluster_id)
group by commonest.facet, commonest.cluster_id
