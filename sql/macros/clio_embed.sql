-- clio_embed(text): the unit vector of a text, FLOAT[d].
create or replace macro clio_embed(text) as
    clio_embed_raw(text);
