-- clio_project(vectors): a deterministic layout of a list of vectors on a plane, FLOAT[2][].
create or replace macro clio_project(vectors) as
    clio_project_raw(cast(vectors as float[][]));
