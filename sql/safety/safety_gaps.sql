-- One row per cluster: whether what a classifier flagged matches how concerning the conversations are. Empty in any other mode.
-- kind: view
-- grain: facet, cluster_id
-- After Clio (arXiv 2412.13678): where concern is high and few are flagged, the classifier misses something. A score that was
-- guessed by rule says too little to find fault with a classifier: then there is no finding.
with

flagged as (
    select
        conversation_id,
        lower(trim(value)) in ('true', 't', 'yes', 'y', '1', '1.0', 'flagged') as flag
    from breakdowns
    cross join settings
    where breakdown = settings.flag and mode = 'safety'
),

concerned as (
    select conversation_id, try_cast(value as double) as concern
    from breakdowns
    where breakdown = 'concern'
),

-- a conversation without a flag or a score says nothing about the other
counted as (
    select
        memberships.facet, memberships.level, memberships.cluster_id,
        count(*) as conversations,
        avg(concern) as mean_concern,
        avg(case when flagged.flag then 1.0 else 0.0 end) as flag_rate
    from memberships
    inner join flagged using (conversation_id)
    inner join concerned using (conversation_id)
    where concern is not null
    group by all
),

-- both measured in standard deviations over the clusters of a level, so that they can be compared
measured as (
    select
        counted.*,
        (mean_concern - avg(mean_concern) over level_of) / nullif(stddev_pop(mean_concern) over level_of, 0) as concern_z,
        (flag_rate - avg(flag_rate) over level_of) / nullif(stddev_pop(flag_rate) over level_of, 0) as flag_z,
        corr(mean_concern, flag_rate) over level_of as correlation
    from counted
    window level_of as (partition by facet, level)
),

compared as (
    select *, coalesce(concern_z, 0) - coalesce(flag_z, 0) as gap from measured
)

select
    compared.facet::varchar as facet,
    compared.level::integer as level,
    compared.cluster_id::varchar as cluster_id,
    hierarchy.name::varchar as name,
    compared.conversations::bigint as conversations,           -- with a score and a flag
    compared.mean_concern::double as mean_concern,             -- 1 to 5
    compared.flag_rate::double as flag_rate,                   -- 0 to 1
    compared.gap::double as gap,                               -- by how many standard deviations concern is above flagging
    case
        when build_info.provider = 'local' then null
        when compared.gap >= 1 then 'under_flagged'
        when compared.gap <= -1 then 'over_flagged'
    end::varchar as finding,                                   -- NULL: they agree, or there is none
    case when build_info.provider = 'local' then 'concern was guessed by rule, without a language model' end::varchar as no_finding_because,
    compared.correlation::double as correlation                -- of the two, over the clusters of the level; NULL where one is constant
from compared
inner join hierarchy using (facet, cluster_id)
cross join build_info
order by facet, level, abs(gap) desc, cluster_id
