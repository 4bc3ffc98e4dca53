-- One row per leaf of a fixed taxonomy that is fitted now: the vector that conversations are placed by.
-- kind: table
-- grain: facet, id
-- People do not write as a taxonomy does. So the vector of a leaf moves towards the texts nearest to it, five times: each
-- time it is the mean of those texts, in which its own vector counts as ten. A text counts only if its cosine to the
-- leaf's own vector is at least 0.3, so what is about something else moves no leaf. It is kept until the next refit.
with recursive

due as (
    select facet from fits where reason is not null
),

points as materialized (
    select facet, conversation_id, embedding::float[] as embedding
    from fit_vectors semi join taxonomy_leaves using (facet)
),

moved as (
    select facet, id, 0 as round, embedding as own, embedding as prototype
    from taxonomy_leaves semi join due using (facet)

    union all

    (
        with

        nearest as materialized (
            select
                points.facet, points.conversation_id, any_value(points.embedding) as embedding,
                arg_max(struct_pack(id := moved.id, own := moved.own), (list_inner_product(points.embedding, moved.prototype), moved.id)) as leaf
            from points inner join moved on moved.facet = points.facet
            where moved.round < 5
            group by points.facet, points.conversation_id
        ),

        parts as (
            select facet, leaf.id, unnest(embedding)::double as part, generate_subscripts(embedding, 1) as place
            from nearest
            where list_inner_product(embedding, leaf.own) >= 0.3
        ),

        owns as (
            select facet, id, 10 * unnest(own)::double as part, generate_subscripts(own, 1) as place from moved where round < 5
        ),

        sums as (
            select facet, id, place, sum(part) as part
            from (from parts union all by name from owns)
            group by facet, id, place
        ),

        means as (
            select facet, id, list(part order by place) as mean from sums group by facet, id
        )

        select
            moved.facet, moved.id, round + 1, own,
            -- rounded, so that the order in which texts are added up decides nothing
            list_transform(mean, lambda part: round(part / sqrt(list_inner_product(mean, mean)), 6))::float[]
        from moved inner join means using (facet, id)
    )
)

select
    facet::varchar as facet,
    id::varchar as id,
    prototype::float[] as prototype
from moved
where round = 5
