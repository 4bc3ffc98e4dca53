-- clio_alike(vectors, similarity): for each vector the place (from 0) of the one that represents its group, INTEGER[]: the first with at least that cosine similarity.
create or replace macro clio_alike(vectors, similarity) as
    clio_alike_raw(cast(vectors as float[][]), cast(similarity as double));
