-- One row per call of a tool in an analysed conversation: which tool, and whether it worked. Never arguments or results.
-- kind: table
-- grain: conversation_id, call
-- by: conversation_id
-- From the messages that sources mark as calls and results, and from a column `tools_used` of the input.
with

calling as (
    select conversation_id, messages, metadata['tools_used'] as listed
    from source semi join sampled_conversations using (conversation_id)
    where list_contains(list_transform(messages, lambda message: message.role), 'tool_call') or metadata['tools_used'] is not null
    qualify row_number() over (partition by conversation_id order by created_at, md5(messages::varchar)) = 1
),

said as (
    select
        conversation_id, position, message.role as role, message.content as content,
        count(*) filter (message.role = 'user' and trim(message.content, concat(' ', chr(9), chr(10), chr(13), chr(0))) <> '') over in_order as turn
    from (select conversation_id, unnest(messages) as message, generate_subscripts(messages, 1) as position from calling)
    window in_order as (partition by conversation_id order by position)
),

-- calls and the results that follow them are a group; the first result is that of the first call
begun as (
    select *, coalesce(position > lag(position) over in_order + 1 or role = 'tool_call' and lag(role) over in_order <> 'tool_call', true) as begins
    from said
    where role in ('tool', 'tool_call', 'tool_error')
    window in_order as (partition by conversation_id order by position)
),

grouped as (
    select *, count(*) filter (begins) over (partition by conversation_id order by position) as number from begun
),

placed as (
    select
        *,
        row_number() over (partition by conversation_id, number, role = 'tool_call' order by position) as place,
        count(*) filter (role = 'tool_call') over of_group as calls,
        count(*) filter (role <> 'tool_call') over of_group as results
    from grouped
    window of_group as (partition by conversation_id, number)
),

made as (
    select calls.conversation_id, calls.position, calls.turn, calls.content as tool, results.role = 'tool' as ok
    from placed as calls
    left join placed as results
        on results.conversation_id = calls.conversation_id and results.number = calls.number
        and results.place = calls.place and results.role <> 'tool_call' and calls.calls = calls.results
    where calls.role = 'tool_call'
),

-- a list in JSON of names, or of {name, ok}; or names with commas
entries as (
    select conversation_id, unnest(case
        when json_type(try_cast(listed as json)) = 'ARRAY' then json_extract(listed::json, '$[*]')::json[]
        else list_transform(string_split(listed, ','), lambda name: to_json(name))
    end) as entry
    from calling
    where trim(listed) <> ''
),

everything as (
    select conversation_id, position, turn, tool, ok from made
    union all
    select
        conversation_id, null, null, if(json_type(entry) = 'VARCHAR', entry ->> '$', entry ->> '$.name'), try_cast(entry ->> '$.ok' as boolean)
    from entries
)

select
    conversation_id::varchar as conversation_id,
    row_number() over (partition by conversation_id order by position nulls last, tool, ok)::bigint as call,
    turn::bigint as turn,                          -- of the user, from 1, of those with text; 0: before the first; NULL: not known
    case when regexp_full_match(trim(tool), '[A-Za-z][A-Za-z0-9_.:/-]{0,127}') then trim(tool) end::varchar as tool,    -- NULL: no name, or a text that is none
    ok::boolean as ok                              -- true: a result came that does not say it failed; NULL: not known
from everything
