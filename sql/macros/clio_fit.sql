-- clio_fit(vectors, k, seed := 0, start := ''): k-means on a list of vectors; the id of the fitted model, a hash of its centroids.
-- start is a model whose centroids it goes on from: those of too wide clusters are split, and superfluous ones dropped.
create or replace macro clio_fit(vectors, k, seed := 0, start := '') as
    clio_fit_raw(cast(vectors as float[][]), cast(k as integer), cast(seed as integer), cast(start as varchar));
