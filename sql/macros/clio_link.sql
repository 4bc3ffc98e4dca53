-- clio_link(vectors, n): which of n groups each vector is in, INTEGER[] from 0: Ward's linkage of the directions of the vectors.
create or replace macro clio_link(vectors, n) as
    clio_link_raw(cast(vectors as float[][]), cast(n as integer));
