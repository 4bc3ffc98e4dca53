-- clio_unsupported(text, supported): the words of a text that may not be published, in alphabetical order; '' for what never may be.
-- supported: lemmas that enough users of the cluster wrote. Function words and task words need no support; of any other
-- word, in the public word list or not, the lemma must be there. NULL if the text is NULL; a NULL list supports no lemma.
create or replace macro clio_unsupported(text, supported) as
    list_sort(list_filter(clio_tokens(text), lambda word:
        word = '' or not (
            clio_word(word).stop or clio_word(word).task
            or list_contains(coalesce(cast(supported as varchar[]), []), clio_word(word).lemma)
        )
    ));
