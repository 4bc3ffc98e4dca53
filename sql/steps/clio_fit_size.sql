-- clio_fit_size(points, per_cluster, most, least, least_each): how many base clusters to fit to `points` points: one for
-- per_cluster points, and no fewer than `least` as long as that leaves least_each points for each; 1 to `most`.
create or replace macro clio_fit_size(points, per_cluster, most, least, least_each) as
    greatest(1, least(most, greatest(ceil(points / per_cluster), least(least, points // least_each))))
