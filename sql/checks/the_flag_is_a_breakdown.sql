-- One row if the flag of safety mode is not a --breakdown and no conversation has it, so that safety_gaps is empty. No rows = pass.
select flag
from settings
where mode = 'safety'
    and flag not in (select unnest(breakdowns) from input)
    and flag not in (select breakdown from breakdowns)
    and exists (select breakdown from breakdowns)         -- without any conversations nothing is known
