-- One row a shown cluster of any level: base clusters, and above them broader ones until top_clusters are left.
-- kind: table
-- grain: facet, cluster_id
-- Each step of the recursion takes the last level, groups it into neighbourhoods, asks for broader names, merges
-- them, lets every cluster choose a parent, and names and audits each parent from what it got. Where centroids decide
-- (see trees), nothing is asked: those that are nearest go together. Where the last build's tree is kept, a cluster
-- stays with its parent, and a new one chooses among the parents that are there, or goes to the nearest of them.
with recursive

sizes as (
    select
        facet,
        count(*) as base_size,
        least(count(*), any_value(top_clusters)) as top_size,
        any_value(trees.levels) as levels,
        any_value(trees.reason) is null as kept,
        -- what an assignments.sql of somebody's own put together has no centroid
        case when bool_and(cluster_ids.centroid is not null) then any_value(trees.tree_by) else 'names' end as tree_by
    from base_clusters
    inner join trees using (facet)
    left join cluster_ids using (facet, cluster_id)
    cross join settings
    group by facet
),

-- level sizes follow n_l / n_(l-1) = (n_top / n_base) ^ (1 / (levels - 1)); Clio, arXiv 2412.13678
level_sizes as (
    select
        facet, level,
        greatest(top_size, cast(round(base_size * pow(top_size / base_size, level / (levels - 1))) as integer)) as wanted
    from sizes, unnest(range(1, levels)) as above(level)
),

-- one tree of all base clusters, cut at each level: so what is together stays together
linked as materialized (
    select facet, level, unnest(cluster_ids) as cluster_id, unnest(clio_link(centroids, wanted)) as number
    from level_sizes
    inner join (
        select facet, list(cluster_id order by cluster_id) as cluster_ids, list(centroid order by cluster_id) as centroids
        from base_clusters
        inner join cluster_ids using (facet, cluster_id)
        group by facet
    ) using (facet)
    semi join (from sizes where not kept and tree_by = 'centroids') as grown using (facet)
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

        last_level as materialized (
            select
                tree.*,
                kept,
                tree_by,
                criteria,
                concat(name, '. ', description) as text,
                wanted
            from tree
            inner join sizes using (facet)
            inner join facets using (facet)
            inner join level_sizes on level_sizes.facet = tree.facet and level_sizes.level = tree.level + 1
        ),

        embedded as materialized (
            select facet, cluster_id, text, clio_embed(text) as embedding
            from last_level
            where not kept and tree_by = 'names'
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

        -- where the last tree is kept: who was whose parent, and what the parents were called
        settled as materialized (
            select last_level.facet, last_level.cluster_id, parents.cluster_id as parent_id, parents.name, parents.description
            from last_level
            inner join last_hierarchy as child
                on child.facet = last_level.facet and child.cluster_id = last_level.cluster_id and child.level = last_level.level
            inner join last_hierarchy as parents on parents.facet = child.facet and parents.cluster_id = child.parent_id
            where kept
        ),

        unsettled as materialized (
            select last_level.* from last_level anti join settled using (facet, cluster_id)
        ),

        -- parents are offered in an order of their own to every child, so that no place in the list wins
        offered as (
            select facet, unnest(names) as parent from merged
            union all
            select distinct facet, name from settled
        ),

        choices as materialized (
            select
                facet, cluster_id, any_value(text) as text,
                list(parent order by md5(concat(parent, cluster_id))) as parents
            from unsettled inner join offered using (facet)
            where tree_by = 'names'
            group by facet, cluster_id
        ),

        answered as materialized (
            select facet, cluster_id, clio_choose_raw(text, parents).value as parent
            from choices
            union all
            select last_level.facet, last_level.cluster_id, cast(linked.number as varchar)
            from last_level
            inner join linked
                on linked.facet = last_level.facet and linked.level = last_level.level + 1
                and linked.cluster_id = last_level.base_cluster_ids[1]
            where not kept and tree_by = 'centroids'
        ),

        -- to a tree that is kept a cluster goes where its base clusters are nearest, on average, to those that are there
        relatives as (
            select facet, parent_id, unnest(base_cluster_ids) as cluster_id
            from settled inner join last_level using (facet, cluster_id)
        ),

        nearest as (
            select newcomers.facet, newcomers.cluster_id, relatives.parent_id
            from (select facet, cluster_id, unnest(base_cluster_ids) as base_cluster_id from unsettled where kept and tree_by = 'centroids')
                as newcomers
            inner join cluster_ids as own on own.facet = newcomers.facet and own.cluster_id = newcomers.base_cluster_id
            inner join relatives on relatives.facet = newcomers.facet
            inner join cluster_ids as theirs on theirs.facet = relatives.facet and theirs.cluster_id = relatives.cluster_id
            group by newcomers.facet, newcomers.cluster_id, relatives.parent_id
            qualify row_number() over (
                partition by newcomers.facet, newcomers.cluster_id
                order by avg(list_cosine_similarity(own.centroid, theirs.centroid)) desc, relatives.parent_id
            ) = 1
        ),

        -- parent: what its children are put together by, a new name or the id of a parent that is kept
        chosen as materialized (
            select answered.facet, answered.cluster_id, coalesce(settled.parent_id, answered.parent) as parent, settled.parent_id as kept_id
            from answered
            left join (select distinct facet, name, parent_id from settled) as settled
                on settled.facet = answered.facet and settled.name = answered.parent
            union all
            select facet, cluster_id, parent_id, parent_id from settled
            union all
            select facet, cluster_id, parent_id, parent_id from nearest
        ),

        -- a child whose choice failed stays alone rather than with the wrong parent
        together as materialized (
            select
                facet,
                any_value(level) + 1 as level,
                any_value(kept_id) as kept_id,
                row_number() over (partition by facet order by min(cluster_id)) as number,
                list(cluster_id order by conversations desc, cluster_id) as child_ids,
                list(name order by conversations desc, cluster_id) as child_names,
                list(description order by conversations desc, cluster_id) as child_descriptions,
                flatten(list(base_cluster_ids order by cluster_id)) as base_cluster_ids,
                sum(conversations) as conversations,
                any_value(criteria) as criteria
            from last_level inner join chosen using (facet, cluster_id)
            group by facet, parent, case when parent is null then cluster_id end
        ),

        -- grown anew, a parent takes the id of the last build's with most conversations in common, if that is mutual
        last_parents as materialized (
            select facet, level, cluster_id, name, description, unnest(base_cluster_ids) as base_cluster_id
            from last_hierarchy
        ),

        common as materialized (
            select
                together.facet, together.number, last_parents.cluster_id, sum(base_clusters.conversations) as common
            from (select facet, level, number, unnest(base_cluster_ids) as base_cluster_id from together where kept_id is null) as together
            inner join last_parents using (facet, level, base_cluster_id)
            inner join base_clusters
                on base_clusters.facet = together.facet and base_clusters.cluster_id = together.base_cluster_id
            anti join settled on settled.facet = together.facet and settled.parent_id = last_parents.cluster_id
            group by all
        ),

        measured as (
            select
                facet, number, cluster_id,
                common / (
                    sum(common) over (partition by facet, number) + sum(common) over (partition by facet, cluster_id) - common
                ) as overlap
            from common
        ),

        matched as materialized (
            select facet, number, cluster_id, overlap
            from (
                select
                    *,
                    row_number() over (partition by facet, number order by overlap desc, cluster_id) as place,
                    row_number() over (partition by facet, cluster_id order by overlap desc, number) as last_place
                from measured
            )
            where place = 1 and last_place = 1 and overlap >= 1 / 3
        ),

        ids as materialized (
            select
                together.facet, together.number,
                coalesce(kept_id, matched.cluster_id) as last_id,
                coalesce(last_id, concat(
                    'p', level, '_',
                    lpad(cast(
                        coalesce((
                            select max(try_cast(split_part(used_ids.cluster_id, '_', 2) as integer))
                            from used_ids
                            where used_ids.facet = together.facet and split_part(used_ids.cluster_id, '_', 1) = concat('p', level)
                        ), 0) + count(*) filter (last_id is null) over (partition by together.facet order by together.number)
                        as varchar
                    ), 4, '0')
                )) as cluster_id,
                kept_id is not null or coalesce(overlap >= keep_name_similarity, false) and not exists (
                    select 1 from trees where trees.facet = together.facet and trees.reason = 'settings'
                ) as keeps_name
            from together
            left join matched using (facet, number)
            cross join settings
        ),

        families as materialized (
            select together.* exclude (number, kept_id), ids.cluster_id, last_names.name as last_name, last_names.description as last_description
            from together
            inner join ids using (facet, number)
            left join (select distinct facet, cluster_id, name, description from last_parents) as last_names
                on last_names.facet = together.facet and last_names.cluster_id = ids.last_id and ids.keeps_name
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
                list(concat(term, ' (', greatest(1, round(10 * share))::integer, '0%)') order by score desc, term)[:100] as phrases,
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

        -- words that enough users of one of its base clusters wrote
        supported as materialized (
            select kin.facet, kin.cluster_id, list(distinct lemma) as lemmas
            from kin
            inner join supported_words on supported_words.facet = kin.facet and supported_words.cluster_id = kin.base_cluster_id
            group by kin.facet, kin.cluster_id
        ),

        requests as materialized (
            select
                families.facet, families.cluster_id, last_name, last_description, criteria, lemmas,
                -- as in name_requests: a language model gets no texts, unless it may
                naming_sees = 'texts' or provider = 'local' as sees_texts,
                case when sees_texts then members else [] end as members,
                coalesce(case when sees_texts then terms else phrases end, []) as terms,
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
            left join supported using (facet, cluster_id)
            cross join settings
            cross join build_info
        ),

        -- the name of the last build is looked at like a new one
        first_names as materialized (
            select facet, cluster_id, clio_name_raw(members, neighbours, criteria, terms, taken, []) as answer
            from requests
            where last_name is null
            union all
            select
                facet, cluster_id,
                struct_pack(
                    value := struct_pack(name := last_name, description := last_description),
                    status := 'ok', error := null::varchar
                )
            from requests
            where last_name is not null
        ),

        first_words as materialized (
            select facet, cluster_id, answer, clio_unsupported(concat(answer.value.name, '. ', answer.value.description), lemmas) as unsupported
            from first_names inner join requests using (facet, cluster_id)
            where answer.status = 'ok'
        ),

        -- asked once more, without the words that too few users wrote
        second_names as materialized (
            select
                facet, cluster_id, lemmas,
                clio_name_raw(
                    members, neighbours, criteria, terms, taken, list_filter(unsupported, lambda word: word <> '')
                ) as answer
            from first_words inner join requests using (facet, cluster_id)
            where len(unsupported) > 0
        ),

        sound_names as (
            select facet, cluster_id, answer from first_words where len(unsupported) = 0
            union all
            select facet, cluster_id, answer
            from second_names
            where answer.status = 'ok'
                and len(clio_unsupported(concat(answer.value.name, '. ', answer.value.description), lemmas)) = 0
        ),

        audited as materialized (
            select facet, cluster_id, answer, clio_audit_raw(concat(answer.value.name, '. ', answer.value.description)) as audit
            from sound_names
        ),

        passing as materialized (
            select facet, cluster_id, answer
            from audited cross join settings
            where coalesce(
                audit.status = 'ok' and audit.value.rating >= min_audit_rating and trim(answer.value.name) <> '',
                false
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
            from families left join passing using (facet, cluster_id)
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
