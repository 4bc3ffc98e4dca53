-- clio_centroids(model): the centroids of a fitted model, FLOAT[][], in the order of their numbers.
create or replace macro clio_centroids(model) as
    clio_centroids_raw(model);
