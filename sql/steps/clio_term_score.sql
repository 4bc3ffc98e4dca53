-- clio_term_score(share, share_outside, content_words, plain, heading): how much a phrase belongs to one cluster, the higher the more.
-- share, share_outside: share of the users inside and outside that wrote it, 0 to 1, neither of them 0. plain: it names
-- a subject. heading: how well it reads as one (see phrases). The exponents and weights were chosen on half of the
-- labels of sgd_dev and banking77 (tests/bench_names.py).
create or replace macro clio_term_score(share, share_outside, content_words, plain, heading) as
    pow(share, 0.3)
    * pow(greatest(ln(share / share_outside), 0.05), 0.4)
    * list_extract([0.4, 1, 1.1, 1.15, 1], content_words)
    * case when plain then 1 else 0.3 end
    * heading;
