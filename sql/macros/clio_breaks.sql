-- clio_breaks(text): a text with a blank before and behind each word of Chinese and Japanese; all else as it is.
create or replace macro clio_breaks(text) as
    clio_breaks_raw(cast(text as varchar));
