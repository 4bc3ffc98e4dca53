-- One row per tool that was called: whether clusters are broken down by it, which publishes its name.
-- kind: table
-- grain: tool
-- Whoever sets up a server of tools names them, so a name may be private. The gate of cells holds as for every breakdown;
-- before it, as many users must have called the tool as the words of its name need, here in the whole analysis.
with

used as (
    select
        tool_calls.tool,
        count(distinct conversations.user_id) as users,
        -- getHIVStatus is three words
        trim(regexp_replace(regexp_replace(regexp_replace(
            tool_calls.tool, '([A-Z])([A-Z][a-z])', '\1 \2', 'g'
        ), '([a-z])([A-Z])', '\1 \2', 'g'), '[^A-Za-z]+', ' ', 'g')) as spelled
    from tool_calls inner join conversations using (conversation_id)
    where tool_calls.tool is not null
    group by tool_calls.tool
),

counted as (
    select count(distinct conversations.user_id) as callers
    from tool_calls inner join conversations using (conversation_id)
),

read as (
    select *, list_transform(clio_words(spelled), lambda word: clio_word(word)) as words from used
),

needed as (
    select
        tool,
        users,
        case
            when len(list_filter(words, lambda word: word.name in ('given', 'surname', 'handle'))) > 0 then min_users_named
            when len(list_filter(words, lambda word: word.sensitive is not null)) > 0
                then greatest(min_users, ceil(sensitive_share * callers))
            else min_users
        end as needed_users,
        -- long numbers and hexadecimal ids tell machines, accounts and days apart, not tools
        clio_identifies(spelled) or length(regexp_replace(tool, '[^0-9]', '', 'g')) >= 5
            or regexp_matches(tool, '[0-9a-fA-F-]*[0-9][0-9a-fA-F-]{7,}') or regexp_matches(tool, '(^|[^A-Za-z0-9])[0-9a-fA-F]{8,}([^A-Za-z0-9]|$)') as identifies
    from read cross join counted cross join settings
)

select
    tool::varchar as tool,
    concat('tool: ', tool)::varchar as breakdown,
    users::bigint as users,
    needed_users::bigint as needed_users,          -- NULL: no number would be enough
    coalesce(
        users >= needed_users and not identifies
        and row_number() over (order by (users >= needed_users and not identifies) desc nulls last, users desc, tool) <= 30,
        false
    )::boolean as is_named                         -- of those that may be, the 30 with most users: each costs as much as a breakdown
from needed
