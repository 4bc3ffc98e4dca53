-- clio_propose(names, n, criteria := ''): about n broader names for a list of names.
create or replace macro clio_propose(names, n, criteria := '') as
    clio_propose_raw(names, cast(n as integer), criteria).value;
