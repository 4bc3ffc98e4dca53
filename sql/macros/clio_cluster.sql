-- clio_cluster(vector, model): nearest and second nearest centroid, STRUCT(cluster_id, distance, runner_up, runner_up_distance).
create or replace macro clio_cluster(vector, model) as
    clio_cluster_raw(cast(vector as float[]), model);
