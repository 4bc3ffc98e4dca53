-- One row per setting or version that differs between two builds, from `about` of their published files.
-- kind: view
-- grain: setting
with

old as (
    from (select columns(* exclude (built_at))::varchar from before.about)
    unpivot include nulls (told for setting in (columns(*)))
),

young as (
    from (select columns(* exclude (built_at))::varchar from after.about)
    unpivot include nulls (told for setting in (columns(*)))
)

select
    coalesce(old.setting, young.setting)::varchar as setting,
    old.told::varchar as before,
    young.told::varchar as after
from old full outer join young using (setting)
where old.told is distinct from young.told
order by setting
