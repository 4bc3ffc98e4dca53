-- One row per thing that is wrong with `taxonomy`, or with a facet of kind taxonomy: of the rows as they were given.
with recursive

rows as (
    select
        row_number() over () as number,
        nullif(trim(facet), '') as facet, nullif(trim(id), '') as id, nullif(trim(parent_id), '') as parent_id,
        nullif(trim(name), '') as name, description
    from taxonomy
),

fixed as (
    select facet, question, clustered from facets where kind = 'taxonomy'
),

-- all that hangs below the top: what does not is in a loop, or below a parent that is missing
hanging as (
    select facet, id from rows where parent_id is null
    union
    select rows.facet, rows.id from rows inner join hanging on hanging.facet = rows.facet and hanging.id = rows.parent_id
),

parentless as (
    select rows.*
    from rows left join rows as parent on parent.facet = rows.facet and parent.id = rows.parent_id
    where rows.parent_id is not null and parent.id is null
),

astray as (
    select rows.* from rows anti join hanging using (facet, id)
),

-- below a parent that is missing everything is astray, but only a loop leads back to itself
walks as (
    select facet, id as begun, parent_id as reached from astray
    union
    select walks.facet, walks.begun, astray.parent_id from walks inner join astray on astray.facet = walks.facet and astray.id = walks.reached
),

rules_broken as (
    select number, facet, 'no_' || missing as problem, id as given, null as other
    from (
        select *, unnest([
            case when facet is null then 'facet' end, case when id is null then 'id' end, case when name is null then 'name' end
        ]) as missing
        from rows
    )
    where missing is not null
    union all
    select number, facet, 'unknown_facet', facet, null from rows where facet not in (select facet from fixed)
    union all
    select number, facet, 'bad_id', id, null from rows where not regexp_full_match(id, '[a-z][a-z0-9_]*')
    union all
    -- no line break, no control character, nothing invisible but the joiners of some scripts
    select number, facet, 'bad_name', coalesce(id, ''), null from rows where length(name) > 100 or regexp_matches(translate(name, chr(8204) || chr(8205), ''), '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]')
    union all
    select max(number), facet, 'id_twice', id, cast(min(number) as varchar) from rows where id is not null group by facet, id having count(*) > 1
    union all
    select max(number), facet, 'name_twice', max_by(name, number), cast(min(number) as varchar)
    from rows
    where name is not null
    group by facet, lower(name)
    having count(distinct id) > 1
    union all
    select number, facet, 'no_parent', id, parent_id from parentless
    union all
    select min(number), facet, 'loop', min_by(id, number), string_agg(id, ', ' order by number)
    from (select astray.* from astray semi join (from walks where begun = reached) as looped on looped.facet = astray.facet and looped.begun = astray.id)
    group by facet
    union all
    select null, facet, 'empty', facet, null from fixed where facet not in (select facet from rows where facet is not null)
    union all
    select null, fixed.facet, 'placed_by', fixed.question, (select string_agg(facet, ', ' order by facet) from facets where kind = 'text')
    from fixed
    where fixed.question is null or fixed.question not in (select facet from facets where kind = 'text')
    union all
    -- the same leaf in a tree and in a breakdown
    select null, tree.facet, 'tree_and_table', tree.facet, crossed.facet
    from fixed as tree inner join fixed as crossed on tree.clustered and not crossed.clustered
    where exists (
        select 1 from rows as one inner join rows as two
            on one.facet = tree.facet and two.facet = crossed.facet and (one.id = two.id or lower(one.name) = lower(two.name))
    )
)

select
    number::bigint as number,                      -- of the row, from 1; NULL: about a facet as a whole
    facet::varchar as facet,
    problem::varchar as problem,
    given::varchar as given,
    other::varchar as other                        -- what it does not fit: another row's number, an id, a facet, or what is allowed
from rules_broken
order by number nulls last, facet, problem, given
