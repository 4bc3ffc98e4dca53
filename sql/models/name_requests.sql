-- One row per base cluster that passes the gate: everything that it is named from.
-- kind: table
-- grain: facet, cluster_id
-- A language model gets no user's text, unless naming_sees is 'texts': only phrases that enough users wrote, of the cluster
-- and of those nearest to it. The local provider names from the same; it reads texts only to see whether most write 'ATM' or 'atm'.
with

given as (
    select naming_sees = 'texts' or provider = 'local' as texts
    from settings cross join build_info
),

owned as (
    select
        cluster_terms.facet, cluster_terms.cluster_id, cluster_terms.term, score,
        concat(cluster_terms.term, ' (', greatest(1, round(10 * share))::integer, '0%)') as phrase,
        coalesce(cluster_titles.cluster_id = cluster_terms.cluster_id, true) as own,
        coalesce(cluster_titles.cluster_id = cluster_terms.cluster_id and cluster_titles.term = cluster_terms.term, false) as title
    from cluster_terms
    left join cluster_titles
        on cluster_titles.facet = cluster_terms.facet and cluster_titles.source = 'found'
        and cluster_titles.content = array_to_string(cluster_terms.subjects, ' ')
    where score > 0
),

terms as (
    select
        facet,
        cluster_id,
        list(term order by title desc, score desc, term)[:100] as terms,
        list(phrase order by title desc, score desc, term)[:100] as phrases,
        coalesce(list(term order by score desc, term) filter (not own), []) as taken
    from owned
    group by all
),

-- the three clusters that are second nearest for most conversations, a few phrases of each
nearest as (
    select facet, cluster_id, runner_up
    from assignments
    where runner_up <> cluster_id
    group by facet, cluster_id, runner_up
    qualify row_number() over (partition by facet, cluster_id order by count(*) desc, runner_up) <= 3
),

beside as (
    select nearest.facet, nearest.cluster_id, flatten(list(terms.phrases[:7] order by nearest.runner_up)) as phrases
    from nearest
    inner join terms on terms.facet = nearest.facet and terms.cluster_id = nearest.runner_up
    group by nearest.facet, nearest.cluster_id
),

supported as (
    select facet, cluster_id, list(lemma order by lemma) as lemmas from supported_words group by all
)

select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    case when texts then members else [] end::varchar[] as members,                              -- see cluster_samples
    case when texts then neighbours else coalesce(beside.phrases, []) end::varchar[] as neighbours,
    criteria::varchar as criteria,
    coalesce(terms, [])::varchar[] as terms,                                                     -- its title (see cluster_titles), then the most telling
    coalesce(terms.phrases, [])::varchar[] as phrases,                                           -- the same, with shares; a language model sees most, about half or some instead
    coalesce(taken, [])::varchar[] as taken,                                                     -- terms about what another cluster is called by
    coalesce(lemmas, [])::varchar[] as supported                                                 -- words that a name may use
from cluster_samples
inner join facets using (facet)
left join terms using (facet, cluster_id)
left join beside using (facet, cluster_id)
left join supported using (facet, cluster_id)
cross join given
