-- clio_told_apart(candidates): candidates of clio_titled, of which two that would be settled and mean much the same are about the same: only
-- one of them can be settled then. Returns the columns of candidates.
create or replace macro clio_told_apart(candidates) as table
with

titles as materialized (from clio_titled(candidates)),

alike as (
    select facet, unnest(abouts) as about, abouts[unnest(clio_alike(vectors, 0.9)) + 1] as same
    from (
        select
            facet,
            list(about order by md5(term), cluster_id) as abouts,
            list(clio_embed(term) order by md5(term), cluster_id) as vectors
        from titles
        group by facet
    )
)

select given.* replace (coalesce(alike.same, given.about) as about)
from query_table(candidates) as given left join alike using (facet, about)
