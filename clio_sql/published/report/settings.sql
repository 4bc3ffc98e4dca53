-- One row per column of `about`: its value, the packaged default, and whether it protects users less than that.
with

given as (
    select name, value
    from (select columns(*)::varchar from about) unpivot include nulls (value for name in (columns(*)))
),

packaged as (
    select name, value
    from (
        select columns(*)::varchar from (
            select
                * replace (
                    coalesce(min_users_cell, min_users) as min_users_cell,
                    coalesce(min_conversations_cell, min_conversations) as min_conversations_cell
                ),
                'user' as privacy_unit
            from packaged_settings
        )
    ) unpivot include nulls (value for name in (columns(*)))
),

compared as (
    select
        given.name, given.value, packaged.value as packaged,
        packaged.name is not null and given.value is distinct from packaged.value
            and not (packaged.value is null and coalesce(null_means = 'chosen', false)) as changed,
        case protects_less
            when 'lower' then try_cast(given.value as double) < try_cast(packaged.value as double)
            when 'higher' then try_cast(given.value as double) > try_cast(packaged.value as double)
            when 'other' then given.value is distinct from packaged.value
        end as protects_less_here
    from given
    left join packaged using (name)
    left join setting_rules on setting_rules.setting = given.name
)

select
    name::varchar as name,
    value::varchar as value,
    packaged::varchar as packaged,                                -- NULL where nothing is packaged
    changed::boolean as changed,
    coalesce(protects_less_here, false)::boolean as protects_less      -- a deliberate opt-out
from compared
