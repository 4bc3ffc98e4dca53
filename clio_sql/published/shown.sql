-- clio_percent(share): a share as every screen shows it: one decimal, rounded once, from the published figure.
create or replace temp macro clio_percent(share) as
    case
        when share is null then '–'
        when share > 0 and share < 0.0005 then '<0.1%'
        else printf('%.1f%%', 100 * share)
    end
