-- clio_signals(clusters, trends, about): what the last complete periods of each published cluster say against those before.
-- Reads published tables alone, given by name, so it reveals nothing that they do not. Only complete periods are judged.
--
-- jump: the last period against the mean of up to 12 before it; shift: the mean of the last three against that of up to 12
-- before them. Both are in units of chance, so 1 is enough for a signal: 3 + 12 / n times the scatter, n being the earlier
-- periods. Six of those are needed. The scatter is the spread of the earlier periods, but no less than what users who write
-- at random give (of whom one writes several conversations, see repeats), with the rounding.
-- A period that is not published may hold any number: what the cluster has in all, minus what is published, is spread evenly
-- over those. So nothing is taken for 0 that is only hidden.
create or replace macro clio_signals(clusters, trends, about) as table
with

published as (
    select facet, cluster_id, period::date as period, conversations, users, complete from query_table(trends)
),

-- which periods are complete: as `about` says, else the first to the last that is published as such of any cluster
spans as (
    select
        facet,
        least(min(published.period), any_value(trends_from)) as first_period,
        greatest(max(published.period), any_value(trends_until)) as last_period,
        coalesce(any_value(trends_from), min(published.period) filter (complete)) as first_complete,
        coalesce(any_value(trends_until), max(published.period) filter (complete)) as last_complete
    from published cross join query_table(about)
    group by facet
),

stepped as (
    select
        spans.*,
        about_row.period as unit,
        unnest(range(0, date_diff(about_row.period, first_period, last_period) + 1)) as step
    from spans cross join query_table(about) as about_row
),

dated as (
    select
        *,
        (first_period + case unit
            when 'day' then to_days(step::integer)
            when 'week' then to_weeks(step::integer)
            when 'month' then to_months(step::integer)
            when 'quarter' then to_months(3 * step::integer)
        end)::date as period
    from stepped
),

-- all periods, without gaps
known_periods as (
    select facet, period, period between first_complete and last_complete as complete
    from dated
),

-- 1 is the last complete period of the facet
numbered as (
    select facet, period, row_number() over (partition by facet order by period desc) as place
    from known_periods
    where complete
),

totals as (
    select
        published.facet, cluster_id,
        any_value(all_clusters.conversations) as total,
        sum(published.conversations) as published_conversations,
        sum(published.conversations) filter (published.users > 0) / sum(published.users) as per_user,
        count(*) as published_periods
    from published inner join query_table(clusters) as all_clusters using (facet, cluster_id)
    group by published.facet, cluster_id
),

spread as (
    select
        totals.facet, cluster_id,
        greatest(2.25, 2 * coalesce(per_user, 1) - 1) as repeats,
        greatest(0, total - published_conversations) / nullif(count(*) - published_periods, 0) as per_hidden_period
    from totals inner join known_periods using (facet)
    group by totals.facet, cluster_id, total, published_conversations, published_periods, per_user
),

filled as (
    select
        spread.facet, spread.cluster_id, repeats, numbered.place, numbered.period, published.conversations as published_conversations,
        coalesce(published.conversations, per_hidden_period, 0)::double as conversations
    from spread
    inner join numbered using (facet)
    left join published
        on published.facet = spread.facet and published.cluster_id = spread.cluster_id and published.period = numbered.period
    where place <= 15
),

windows as (
    select
        facet, cluster_id,
        any_value(repeats) as repeats,
        max(period) as period,
        min(period) as first_period,
        count(*) as periods,
        count(published_conversations) as published_periods,
        max(published_conversations) filter (place = 1) as published_last,
        max(conversations) filter (place = 1) as last,
        avg(conversations) filter (place <= 3) as recent,
        min(conversations) filter (place <= 3) as least_recent,
        max(conversations) filter (place <= 3) as most_recent,
        avg(conversations) filter (place > 3) as earlier,
        stddev_samp(conversations) filter (place > 3) as earlier_spread,
        count(*) filter (place > 3) as n,
        avg(conversations) filter (place between 2 and 13) as before_last,
        stddev_samp(conversations) filter (place between 2 and 13) as before_last_spread,
        count(*) filter (place between 2 and 13) as n_before_last
    from filled
    group by facet, cluster_id
),

measured as (
    select
        windows.*,
        (last - before_last)
            / (greatest(before_last_spread, sqrt(repeats * (before_last + power(round_to, 2) / 12))) * sqrt(1 + 1 / n_before_last))
            / (3 + 12 / n_before_last) as jump,
        (recent - earlier)
            / (greatest(earlier_spread, sqrt(repeats * (earlier + power(round_to, 2) / 12))) * sqrt(1 / 3 + 1 / n))
            / (3 + 12 / n) as shift
    from windows cross join query_table(about)
    where n_before_last >= 6
)

select
    facet, cluster_id, period, first_period, periods, published_periods,
    published_last as conversations, before_last as usual, recent, earlier,
    case
        when n >= 6 and shift >= 1 and 10 * earlier <= recent then 'new'
        when jump >= 1 and last >= 1.5 * before_last and published_last is not null then 'spiking'
        when n >= 6 and shift >= 1 and recent >= 1.25 * earlier and least_recent > earlier then 'rising'
        when n >= 6 and shift <= -1 and 2 * recent <= earlier and most_recent < earlier then 'fading'
        when n >= 6 and shift <= -1 and 1.25 * recent <= earlier and most_recent < earlier then 'cooling'
        else 'steady'
    end as signal
from measured
