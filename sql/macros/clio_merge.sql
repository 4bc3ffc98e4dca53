-- clio_merge(names, n, criteria := ''): about n distinct names out of a longer list.
create or replace macro clio_merge(names, n, criteria := '') as
    clio_merge_raw(names, cast(n as integer), criteria).value;
