-- clio_match(owners, things, scores): which pairs of three lists are settled, BOOLEAN[]: the pair with the highest score first,
-- then the highest whose owner and thing are both in no pair yet, and so on. Of equal scores the earlier pair is first.
create or replace macro clio_match(owners, things, scores) as
    clio_match_raw(cast(owners as varchar[]), cast(things as varchar[]), cast(scores as double[]));
