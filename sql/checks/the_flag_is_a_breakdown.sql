-- One row a flag of safety mode that is no --breakdown and that no conversation has, so that safety_gaps is empty. No rows = pass.
select flag
from settings
where mode = 'safety'
    and flag not in (select unnest(breakdowns) from input)
    and flag not in (select breakdown from breakdowns)
    and exists (select breakdown from breakdowns)         -- of no conversations nothing is known
