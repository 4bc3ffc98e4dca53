-- clio_level_size(base, top, level, levels): how many clusters a level of a tree should have, 0 the base, levels - 1 the top.
-- Sizes follow n_l / n_(l-1) = (n_top / n_base) ^ (1 / (levels - 1)); Clio, arXiv 2412.13678.
create or replace macro clio_level_size(base, top, level, levels) as
    greatest(top, cast(round(base * pow(top / base, level / (levels - 1))) as integer))
