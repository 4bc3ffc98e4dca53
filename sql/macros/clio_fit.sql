-- clio_fit(vectors, k, seed := 0): k-means on a list of vectors; the id of the fitted model, a hash of its centroids.
create or replace macro clio_fit(vectors, k, seed := 0) as
    clio_fit_raw(cast(vectors as float[][]), cast(k as integer), cast(seed as integer));
