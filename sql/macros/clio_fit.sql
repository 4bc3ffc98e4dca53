-- clio_fit(vectors, k, seed := 0, start := '', least := 0): k-means on a list of vectors; the id of the fitted model, a hash of its centroids.
-- start is a model whose centroids it starts from: those of clusters that are too wide are split, and superfluous ones dropped.
-- least: beyond this many, only a split that saves a quarter of what a cluster spreads on average is made; 0: k are wanted in any case.
create or replace macro clio_fit(vectors, k, seed := 0, start := '', least := 0) as
    clio_fit_raw(
        cast(vectors as float[][]), cast(k as integer), cast(seed as integer), cast(start as varchar), cast(least as integer)
    );
