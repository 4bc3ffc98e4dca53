-- One row a shown cluster of any level: base clusters, and above them broader ones until top_clusters are left.
-- kind: table
-- grain: facet, cluster_id
-- Each step of the recursion takes the last level, groups it into neighbourhoods, asks for broader names, merges
-- them, lets every cluster choose a parent, and names and audits each parent from what it got.
with recursive

sizes as (
    select
        facet,
        count(*) as base_size,
        least(count(*), any_value(top_clusters)) as top_size,
        case when count(*) <= any_value(top_clusters) then 1 else any_value(levels) end as levels
    from base_clusters cross join settings
    group by facet
),

tree as (
    select
        facet, 0 as level, cluster_id, name, description, conversations,
        [cluster_id] as base_cluster_ids,
        cast([] as varchar[]) as child_ids
    from base_clusters

    union all

    (
        with

        -- level sizes follow n_l / n_(l-1) = (n_top / n_base) ^ (1 / (levels - 1)); Clio, arXiv 2412.13678
        last_level as materialized (
            select
                tree.*,
                criteria,
                concat(name, '. ', description) as text,
                greatest(
                    top_size,
                    cast(round(base_size * pow(top_size / base_size, (tree.level + 1) / (sizes.levels - 1))) as integer)
                ) as wanted
            from tree
            inner join sizes using (facet)
            inner join facets using (facet)
            where tree.level + 1 < sizes.levels
        ),

        embedded as materialized (
            select facet, cluster_id, text, clio_embed(text) as embedding from last_level
        ),

        neighbourhoods as materialized (
            select
                facet,
                clio_fit(
                    list(embedding order by cluster_id),
                    ceil(count(*) / any_value(neighbourhood)),
                    seed := any_value(seed)
                ) as model
            from embedded cross join settings
            group by facet
        ),

        grouped as materialized (
            select facet, cluster_id, text, clio_cluster(embedding, model) as place
            from embedded inner join neighbourhoods using (facet)
        ),

        proposed as materialized (
            select
                facet,
                place.cluster_id as neighbourhood,
                clio_propose_raw(
                    list(grouped.text order by cluster_id),
                    cast(greatest(1, round(any_value(wanted) * count(*) / any_value(level_size))) as integer),
                    any_value(criteria)
                ).value as names
            from grouped
            inner join last_level using (facet, cluster_id)
            inner join (select facet, count(*) as level_size from last_level group by facet) using (facet)
            group by facet, place.cluster_id
        ),

        merged as materialized (
            select
                facet,
                clio_merge_raw(
                    flatten(list(names order by neighbourhood) filter (len(names) > 0)),     -- NULL: no level above
                    cast(any_value(wanted) as integer),
                    any_value(criteria)
                ).value as names
            from proposed
            inner join (select facet, any_value(wanted) as wanted, any_value(criteria) as criteria from last_level group by facet)
                using (facet)
            group by facet
        ),

        -- parents are offered in an order of their own to every child, so that no place in the list wins
        offered as (
            select facet, unnest(names) as parent from merged
        ),

        choices as materialized (
            select
                facet, cluster_id, any_value(text) as text,
                list(parent order by md5(concat(parent, cluster_id))) as parents
            from last_level inner join offered using (facet)
            group by facet, cluster_id
        ),

        chosen as materialized (
            select facet, cluster_id, clio_choose_raw(text, parents).value as parent
            from choices
        ),

        -- a child whose choice failed stays alone rather than with the wrong parent
        families as materialized (
            select
                facet,
                any_value(level) + 1 as level,
                concat(
                    'p', any_value(level) + 1, '_',
                    lpad(cast(row_number() over (partition by facet order by min(cluster_id)) as varchar), 4, '0')
                ) as cluster_id,
                list(cluster_id order by conversations desc, cluster_id) as child_ids,
                list(name order by conversations desc, cluster_id) as child_names,
                list(description order by conversations desc, cluster_id) as child_descriptions,
                flatten(list(base_cluster_ids order by cluster_id)) as base_cluster_ids,
                sum(conversations) as conversations,
                any_value(criteria) as criteria
            from last_level inner join chosen using (facet, cluster_id)
            group by facet, parent, case when parent is null then cluster_id end
        ),

        kin as materialized (
            select facet, cluster_id, conversations as family_size, unnest(base_cluster_ids) as base_cluster_id
            from families
        ),

        -- phrases that enough people of one of its base clusters wrote, scored as in cluster_terms
        written as materialized (
            select
                kin.facet, kin.cluster_id, family_size, term,
                sum(cluster_terms.conversations) as conversations,
                any_value(content_words) as content_words,
                any_value(telling) as telling
            from kin
            inner join cluster_terms
                on cluster_terms.facet = kin.facet and cluster_terms.cluster_id = kin.base_cluster_id
            group by all
        ),

        scores as materialized (
            select
                facet, cluster_id, term,
                conversations / family_size as share,
                (sum(conversations) over (partition by facet, term) - conversations + 0.5)
                    / (everything - family_size + 1.0) as share_outside,
                share * log2(share / share_outside) * sqrt(content_words) * case when telling then 1 else 0.01 end as score
            from written
            inner join (select facet, sum(conversations) as everything from last_level group by all) using (facet)
        ),

        terms as materialized (
            select
                facet, cluster_id,
                list(term order by score desc, term)[:100] as terms,
                coalesce(list(term order by score desc, term) filter (not own), []) as taken
            from (
                select *, arg_max(cluster_id, score) over (partition by facet, term) = cluster_id as own
                from scores
                where score > 0
            )
            group by facet, cluster_id
        ),

        -- members in proportion to the size of their base cluster, again at most a few of one person
        texts as materialized (
            select
                kin.facet, kin.cluster_id,
                list(value order by md5(concat(seed, conversation_id))) as members
            from (
                select
                    kin.facet, kin.cluster_id, sampled_texts.value, sampled_texts.conversation_id, settings.*
                from kin
                inner join sampled_texts
                    on sampled_texts.facet = kin.facet
                    and sampled_texts.cluster_id = kin.base_cluster_id
                    and sampled_texts.relation = 'member'
                inner join base_clusters
                    on base_clusters.facet = kin.facet and base_clusters.cluster_id = kin.base_cluster_id
                cross join settings
                where position <= ceil(sample_texts * base_clusters.conversations / family_size)
                qualify row_number() over (
                    partition by kin.facet, kin.cluster_id, coalesce(sampled_texts.user_id, '')
                    order by md5(concat(seed, conversation_id))
                ) <= max_texts_per_user
            ) as kin
            group by kin.facet, kin.cluster_id
        ),

        asked as materialized (
            select
                families.facet, families.cluster_id, members, criteria,
                coalesce(terms, []) as terms,
                coalesce(taken, []) as taken,
                -- for contrast: the names of the children of others
                coalesce((
                    select list(last_level.name order by last_level.cluster_id)
                    from last_level
                    where last_level.facet = families.facet and not list_contains(families.child_ids, last_level.cluster_id)
                ), []) as neighbours
            from families
            inner join texts using (facet, cluster_id)
            left join terms using (facet, cluster_id)
        ),

        first_names as materialized (
            select facet, cluster_id, 1 as try, clio_name_raw(members, neighbours, criteria, terms, taken) as answer
            from asked
        ),

        first_audits as materialized (
            select facet, cluster_id, try, answer, clio_audit_raw(concat(answer.value.name, '. ', answer.value.description)) as audit
            from first_names
            where answer.status = 'ok'
        ),

        supported as materialized (
            select distinct kin.facet, kin.cluster_id, lemma
            from kin
            inner join supported_words on supported_words.facet = kin.facet and supported_words.cluster_id = kin.base_cluster_id
        ),

        first_words as materialized (
            select facet, cluster_id, word, clio_word(word) as known
            from (
                select facet, cluster_id, unnest(clio_tokens(concat(answer.value.name, '. ', answer.value.description))) as word
                from first_names
                where answer.status = 'ok'
            )
        ),

        first_passes as materialized (
            select first_audits.facet, first_audits.cluster_id, answer
            from first_audits cross join settings
            where coalesce(
                audit.status = 'ok' and audit.value.rating >= min_audit_rating and trim(answer.value.name) <> '',
                false
            )
            and not exists (
                select 1
                from first_words
                where first_words.facet = first_audits.facet and first_words.cluster_id = first_audits.cluster_id
                    and (word = '' or not known.stop and not known.ordinary)      -- '' never passes
                    and not exists (
                        select 1 from supported
                        where supported.facet = first_words.facet and supported.cluster_id = first_words.cluster_id
                            and supported.lemma = known.lemma and word <> ''
                    )
            )
        ),

        -- what does not pass is called by its two largest children, or by the largest alone: their names did pass
        callable as materialized (
            select
                families.*,
                answer.value as own,
                row_number() over (partition by facet, lower(answer.value.name) order by conversations desc, cluster_id) as turn,
                child_names[1] as short_name,
                concat(
                    child_names[1], ' and ',
                    case
                        when regexp_matches(child_names[2], '^\p{Lu}(\p{Ll}| )') then concat(lower(child_names[2][1]), child_names[2][2:])
                        else child_names[2]
                    end
                ) as long_name
            from families left join first_passes using (facet, cluster_id)
        ),

        -- siblings' names differ: a name that another may fall back on is left to it; no two have a short name in common
        left_to as materialized (
            select facet, cluster_id, unnest([lower(short_name), lower(long_name)]) as name from callable
        ),

        named as (
            select
                callable.*,
                own.name is not null and turn = 1 and not exists (
                    select 1 from left_to
                    where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                        and left_to.name = lower(own.name)
                ) as by_own_name,
                len(child_names) > 1 and len(string_split(long_name, ' ')) <= 10 and not exists (
                    select 1 from left_to
                    where left_to.facet = callable.facet and left_to.cluster_id <> callable.cluster_id
                        and left_to.name = lower(long_name)
                ) as by_long_name
            from callable
        )

        select
            facet, level, cluster_id,
            case when by_own_name then own.name when by_long_name then long_name else short_name end as name,
            case when by_own_name then own.description else child_descriptions[1] end as description,
            conversations, base_cluster_ids, child_ids
        from named
    )
),

parents as (
    select facet, cluster_id as parent_id, unnest(child_ids) as cluster_id from tree
)

select
    facet::varchar as facet,
    level::integer as level,                                -- 0 is the base
    cluster_id::varchar as cluster_id,
    parent_id::varchar as parent_id,                        -- NULL at the top
    name::varchar as name,
    description::varchar as description,
    base_cluster_ids::varchar[] as base_cluster_ids
from tree left join parents using (facet, cluster_id)
