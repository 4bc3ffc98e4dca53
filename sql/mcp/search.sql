-- One row per published cluster that has any of the words in its name, description or a value of a breakdown; best first.
with

wanted as (
    select distinct unnest(string_split_regex(lower(strip_accents($text)), '[^\p{L}\p{N}]+')) as word
),

texts as (
    select facet, cluster_id, name as text, 'name' as place, 4 as weight from clusters
    union all
    select facet, cluster_id, description, 'description', 2 from clusters
    union all
    select facet, cluster_id, value, breakdown, 1 from cluster_facets
),

-- a word counts once per cluster, where it weighs most
found as (
    select texts.facet, texts.cluster_id, wanted.word, max(texts.weight) as weight, arg_max(texts.place, texts.weight) as place
    from texts
    inner join wanted on wanted.word <> '' and contains(lower(strip_accents(texts.text)), wanted.word)
    where texts.facet = $facet or $facet is null
    group by all
),

ranked as (
    select facet, cluster_id, count(*) as words, sum(weight) as score, list(place || ': ' || word order by weight desc, word) as found_in
    from found
    group by all
)

select
    clusters.facet, clusters.level, clusters.cluster_id, clusters.parent_id, clusters.name, clusters.description,
    clusters.conversations, clusters.users, clusters.share, ranked.found_in
from ranked
inner join clusters using (facet, cluster_id)
order by ranked.words desc, ranked.score desc, clusters.conversations desc, clusters.facet, clusters.cluster_id
