-- One row per setting or version that differs between two builds, from `about` of their published files.
-- kind: view
-- grain: setting
with

old as (
    from (select columns(* exclude (built_at))::varchar from before.about)
    unpivot include nulls (given for setting in (columns(*)))
),

young as (
    from (select columns(* exclude (built_at))::varchar from after.about)
    unpivot include nulls (given for setting in (columns(*)))
)

select
    coalesce(old.setting, young.setting)::varchar as setting,
    old.given::varchar as before,
    young.given::varchar as after
from old full outer join young using (setting)
where old.given is distinct from young.given
order by setting
