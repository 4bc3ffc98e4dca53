-- clio_alike_enough(cosine): whether clusters have enough in common to stand under one parent; cosine: of their directions, on average.
create or replace macro clio_alike_enough(cosine) as cosine >= 0.05;
