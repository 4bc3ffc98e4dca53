-- clio_term_score(share, share_outside, content_words, telling): how much a phrase belongs to one cluster, the higher the more.
-- share, share_outside: share of the conversations inside and outside that have it, 0 to 1, neither of them 0.
create or replace macro clio_term_score(share, share_outside, content_words, telling) as
    share * log2(share / share_outside) * sqrt(content_words) * case when telling then 1 else 0.01 end
