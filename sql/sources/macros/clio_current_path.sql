-- clio_current_path(nodes): the turns of each conversation on the path from its first message to its current one.
-- nodes: the name of a relation with one row per message: conversation, message_id, parent_id, is_current, created_at,
-- position (a number), turn (whatever is wanted of a message). Returns conversation, turns.
-- Without a current message the path leads to the newest one that has no answer. A parent that is missing is replaced by the
-- message before the first that names it, so that a lost message costs no other; a parent of zeros is none. Messages in a
-- circle are ordered by time; if no message has a parent, all are.
create or replace macro clio_current_path(nodes) as table
with

messages as (
    select
        * replace (if(starts_with(parent_id, '00000000-'), null, parent_id) as parent_id),
        row_number() over (partition by conversation order by created_at nulls first, position) as number
    from (
        from query_table(nodes)
        -- if several messages have one id, the last
        qualify message_id is null or row_number() over (partition by conversation, message_id order by position desc) = 1
    )
),

linked as (
    select
        child.conversation, child.number, child.parent_id, child.is_current, child.turn,
        case
            when child.parent_id is null or parent.number = child.number then null
            when parent.number is not null then parent.number
            else nullif(min(child.number) over (partition by child.conversation, child.parent_id) - 1, 0)
        end as parent
    from messages as child
    left join messages as parent
        on parent.conversation = child.conversation and parent.message_id = child.parent_id
),

marked as (
    select *, exists (
        from linked as child where child.conversation = linked.conversation and child.parent = linked.number
    ) as has_child
    from linked
),

conversations as (
    select
        conversation,
        list_sort(list({'number': number, 'parent': parent, 'turn': turn})) as messages,
        max({'current': coalesce(is_current, false), 'ends': not has_child, 'number': number}).number as last,
        bool_or(parent_id is not null) as is_tree
    from marked
    group by conversation
),

-- Doubling: before step k, `up` leads 2^k messages up, and `path` has the last 2^k of them.
paths as (
    select
        *,
        list_reduce(
            range(ceil(log2(len(messages)))::bigint + 1),
            lambda so_far, step: {
                'up': list_transform(so_far.up, lambda number: so_far.up[number]),
                'path': so_far.path || list_filter(
                    list_transform(so_far.path, lambda number: so_far.up[number]),
                    lambda number: number is not null
                )
            },
            {'up': list_transform(messages, lambda message: message.parent), 'path': [last]}
        ).path as path
    from conversations
)

select
    conversation,
    case
        when not is_tree then list_transform(messages, lambda message: message.turn)
        when len(path) > len(messages)
            then list_transform(list_sort(list_distinct(path)), lambda number: messages[number].turn)
        else list_transform(list_reverse(path), lambda number: messages[number].turn)
    end as turns
from paths
