-- One row per shown cluster of any level: base clusters, and above them broader ones until about top_clusters are left.
-- kind: table
-- grain: facet, cluster_id
-- kept: last
-- Each step of the recursion makes one level from the last. The steps are macros in sql/steps, one file each, which read
-- only what is handed to them here by name. If the last build's tree is kept, a cluster stays with its parent.
with recursive

tree as (
    select
        facet, 0 as level, cluster_id, name, description, conversations,
        [cluster_id] as base_cluster_ids,
        cast([] as varchar[]) as child_ids
    from base_clusters

    union all

    (
        with

        -- what the steps read
        settings as (from settings),
        margins as (from margins),
        build_info as (from build_info),
        trees as (from trees),
        base_clusters as (from base_clusters),
        directions as (from directions),
        linked_clusters as (from linked_clusters),
        cluster_terms as (from cluster_terms),
        cluster_languages as (from cluster_languages),
        sampled_texts as (from sampled_texts),
        supported_words as (from supported_words),
        last_hierarchy as (from last_hierarchy),
        regroupings as (from regroupings),
        used_ids as (from used_ids),

        last_level as materialized (
            select tree.*, criteria, kept, is_top, tree_by, wanted, concat(tree.name, '. ', tree.description) as text
            from tree
            inner join facets using (facet)
            inner join level_sizes on level_sizes.facet = tree.facet and level_sizes.level = tree.level + 1
        ),

        -- broader names, if a model decides
        proposals as materialized (from clio_tree_proposals('last_level', 'settings')),

        -- which parent each cluster goes to
        chosen as materialized (
            from clio_tree_parents('last_level', 'proposals', 'linked_clusters', 'last_hierarchy', 'directions')
        ),

        -- a parent whose children have little in common is not made
        akin as materialized (from clio_tree_kin('last_level', 'chosen', 'directions')),

        -- and what people moved
        parents as materialized (from clio_tree_moved('last_level', 'akin', 'regroupings', 'last_hierarchy')),

        -- the children of each parent
        unnamed as materialized (from clio_tree_families('last_level', 'parents')),

        -- ids that stay the same over builds, and last names
        families as materialized (
            from clio_tree_ids('unnamed', 'base_clusters', 'last_hierarchy', 'used_ids', 'trees', 'settings')
        ),

        -- what may be said of each parent
        evidence as materialized (
            from clio_tree_evidence(
                'families', 'base_clusters', 'cluster_terms', 'sampled_texts', 'supported_words', 'settings'
            )
        ),

        -- the language of most of what is below
        tree_languages as materialized (
            from clio_tree_languages('families', 'base_clusters', 'cluster_languages', 'margins')
        ),

        -- plain topics that parents may be called by, without a language model
        topics as materialized (
            from clio_tree_topics('families', 'last_level', 'base_clusters', 'tree_languages', 'evidence', 'build_info')
        ),

        -- names that passed the word rule and the audit
        passing as materialized (
            from clio_tree_names(
                'families', 'evidence', 'topics', 'tree_languages', 'last_level', 'base_clusters', 'settings', 'build_info'
            )
        ),

        -- a name for every parent, unlike its siblings'
        named as (from clio_tree_called('families', 'passing', 'last_level', 'base_clusters'))

        select facet, level, cluster_id, name, description, conversations, base_cluster_ids, child_ids
        from named
    )
),

children as (
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
from tree left join children using (facet, cluster_id)
union all
-- a fixed taxonomy is a tree already, and no model names it
select facet, level, cluster_id, parent_id, name, description, base_cluster_ids from taxonomy_tree
