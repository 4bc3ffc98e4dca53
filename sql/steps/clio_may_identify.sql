-- clio_may_identify(text): why a name that a person gave a cluster may not be shown, whatever the auditor says: 'identifier' (a
-- number, an address, a handle, also in words), 'person' (a part of a person's name); NULL where it may, and for NULL.
create or replace macro clio_may_identify(text) as
    list_transform([clio_tokens(text)], lambda tokens: case
        when list_contains(tokens, '') then 'identifier'
        when len(list_filter(tokens, lambda word: word <> '' and clio_word(word).name in ('given', 'surname', 'handle'))) > 0
            -- ordinary words that are also names: one is a word, two together are a person
            or len(list_filter(tokens, lambda word: word <> '' and clio_word(word).name = 'either')) > 1
            then 'person'
    end)[1];
