-- clio_choose(name, parents): the best parent for a name, always one of those given.
create or replace macro clio_choose(name, parents) as
    clio_choose_raw(name, parents).value;
