-- One row: how many users above min_users a published thing may need, and the secret from which each margin is drawn. Private.
-- kind: view
-- grain: one row
--
-- With one public threshold, someone with nine accounts learns from what is published whether a tenth user is behind it.
-- So each word and phrase of a name, and with threshold_margin_of 'all' each base cluster and cell, needs a margin of its own,
-- which clio_margin draws from the secret: it stays the same over builds, so repeating a build reveals nothing. What was
-- published stays published without the margin. A parent needs none: it is published when its children are.
select
    secret.salt::varchar as salt,                                           -- of this warehouse, or CLIO_SALT
    case when mode = 'safety' then 0 else threshold_margin end::integer as word_margin,       -- at most, for words and phrases of names, and for what makes a repeated text a common request
    case when mode <> 'safety' and threshold_margin_of = 'all' then threshold_margin else 0 end::integer as cell_margin    -- at most, for base clusters and cells
from settings cross join secret
