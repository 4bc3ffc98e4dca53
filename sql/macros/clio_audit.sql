-- clio_audit(text): how privacy-preserving a text is, STRUCT(rating, reason), from 1 (names a person) to 5 (nothing identifying).
create or replace macro clio_audit(text) as
    clio_audit_raw(text).value;
