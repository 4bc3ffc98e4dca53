-- One row per conversation: the longest of the input rows that begin with each other's messages or continue each other.
-- kind: table
-- grain: conversation_id
with recursive

roots as (
    select position, part_of as root from wholes where part_of not in (select position from wholes)
    union all
    select wholes.position, roots.root from roots inner join wholes on wholes.part_of = roots.position
),

-- What is combined, with the row that gives the id: the shortest, which was there first, so that the id stays the same when
-- the conversation continues.
members as (
    select root, position from roots
    union all
    select distinct root, root from roots
),

together as (
    select
        members.root,
        min(users.created_at) as created_at,
        count(*) as parts,
        arg_min(
            users.position,
            (
                coalesce(len(turns.hashes), 0), coalesce(users.created_at, 'infinity'::timestamp),
                coalesce(users.conversation_id, ''), users.position
            )
        ) as id_position,
        list(distinct users.conversation_id) as ids
    from members
    inner join users on users.position = members.position
    left join turns on turns.position = members.position
    group by members.root
),

joined as (
    select
        sessions.stands_for_it as position,
        flatten(list(
            if(sessions.position = sessions.stands_for_it, given.messages, list_filter(
                given.messages, lambda message: message.role is distinct from 'system' and trim(message.content) <> ''
            )[sessions.repeats + 1:])
            order by users.created_at, users.position
        )) as messages
    from sessions
    inner join given on given.position = sessions.position
    inner join users on users.position = sessions.position
    where sessions.is_joined and sessions.is_chosen
    group by sessions.stands_for_it
),

wholly as (
    select
        given.position, users.user_id, users.names_nobody, given.metadata, given.numbers, together.ids,
        coalesce(together.created_at, users.created_at) as created_at,
        coalesce(joined.messages, given.messages) as messages,
        coalesce(together.parts, 1) as parts,
        coalesce(together.id_position, given.position) as id_position
    from given
    anti join wholes on wholes.position = given.position
    inner join users on users.position = given.position
    left join together on together.root = given.position
    left join joined on joined.position = given.position
),

-- A row without an id gets the md5 of its content, and a number among equal ones: the same rows get the same ids in each
-- run, whatever other rows come with them.
made as (
    select
        position, md5(concat_ws(chr(31), user_id, created_at, messages)) as digest,
        row_number() over (partition by digest order by position) as ordinal
    from (
        select given.position, users.user_id, given.created_at, given.messages
        from given
        inner join users on users.position = given.position
        where given.conversation_id is null and not given.needs_id
            and given.position in (select id_position from wholly)
    )
)

select
    coalesce(id_of.conversation_id, made.digest || '-' || made.ordinal)::varchar as conversation_id,
    wholly.user_id::varchar as user_id,               -- NULL: no user
    wholly.created_at::timestamp as created_at,       -- of the earliest row, UTC
    wholly.messages::struct(role varchar, content varchar)[] as messages,
    wholly.metadata::map(varchar, varchar) as metadata,
    wholly.numbers::map(varchar, double) as numbers,
    wholly.parts::bigint as parts,                    -- number of input rows that it was built from
    wholly.names_nobody::boolean as names_nobody,     -- it has a user id that identifies no user, such as 'anonymous'
    wholly.ids::varchar[] as ids,                     -- of its rows, if there are several
    wholly.id_position::bigint as position            -- position in the input of the row that gives the id
from wholly
inner join users as id_of on id_of.position = wholly.id_position
left join made on made.position = wholly.id_position
