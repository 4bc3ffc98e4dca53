-- One row a column of `about`: its value, the packaged default, and whether it protects people less than that.
with

given as (
    select name, value
    from (select columns(*)::varchar from about) unpivot include nulls (value for name in (columns(*)))
),

packaged as (
    select name, value
    from (
        select columns(*)::varchar from (select *, 'user' as privacy_unit from packaged_settings)
    ) unpivot include nulls (value for name in (columns(*)))
),

-- which way a setting protects less; a setting that is not listed here is only told as changed
weaker_way as (
    from (
        values
            ('min_users', 'lower'), ('min_conversations', 'lower'), ('min_audit_rating', 'lower'), ('round_to', 'lower'),
            ('max_user_share', 'higher'), ('max_texts_per_user', 'higher'), ('epsilon', 'higher'), ('mode', 'other'),
            ('privacy_unit', 'other'), ('min_users_named', 'lower'), ('sensitive_share', 'lower'), ('threshold_margin', 'lower'), ('term_band', 'lower'),
            ('naming_sees', 'other')
    ) as ways(name, way)
),

compared as (
    select
        given.name, given.value, packaged.value as packaged, weaker_way.way,
        packaged.name is not null and given.value is distinct from packaged.value as changed,
        case way
            when 'lower' then try_cast(given.value as double) < try_cast(packaged.value as double)
            when 'higher' then try_cast(given.value as double) > try_cast(packaged.value as double)
            when 'other' then given.value is distinct from packaged.value
        end as protects_less
    from given
    left join packaged using (name)
    left join weaker_way using (name)
)

select
    name::varchar as name,
    value::varchar as value,
    packaged::varchar as packaged,                                -- NULL where nothing is packaged
    changed::boolean as changed,
    coalesce(protects_less, false)::boolean as protects_less      -- a deliberate opt-out
from compared
