-- clio_unencoded(text): the text without files that are written into it as base64 (data:image/png;base64,…).
create or replace macro clio_unencoded(text) as
    regexp_replace(text, 'data:[a-zA-Z0-9.+/;=-]*;base64,[A-Za-z0-9+/=_-]*', '', 'g');
