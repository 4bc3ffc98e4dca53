"""Prints a `corrections.sql` to edit, with the ids and names of the published clusters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from clio_sql.analysis.catalog import parse
from clio_sql.errors import UsageError
from clio_sql.errors.printable import printable
from clio_sql.published import tree as trees
from clio_sql.published.files import open_published
from clio_sql.sql_text.quoting import literal

ABOVE = """-- One row per correction of a cluster by a person.
-- kind: view
-- grain: facet, cluster_id, kind
--
-- Uncomment a row for each correction, and say who decided it and why; neither is published.
--   rename: target is the new name. It passes the auditor, and must be no name of a person.
--   hide: the cluster and its conversations are in no figure from then on; target stays null.
--     ('request', 'c00004', 'hide', null, 'who', 'why'),
--   merge: the cluster of level 0 is part of another one, the target, for good.
--     ('request', 'c00004', 'merge', 'c00007', 'who', 'why'),
--   move: the cluster stands under another parent, the target, one level above it.
--     ('request', 'c00004', 'move', 'p1_0002', 'who', 'why'),
--   pin: the cluster of level 0 is not split when clusters are fitted again; target stays null.
--     ('request', 'c00004', 'pin', null, 'who', 'why'),
-- Then: clio-sql check FOLDER --into OUT, and run again with --analysis FOLDER. A name and what is hidden hold as long
-- as the row stands here; merges and moves stay.
select
    facet::varchar as facet,
    cluster_id::varchar as cluster_id,
    kind::varchar as kind,
    target::varchar as target,
    who::varchar as who,
    why::varchar as why
from (
    values
"""
BELOW = """    (null, null, null, null, null, null)
) as given (facet, cluster_id, kind, target, who, why)
where facet is not null
"""
QUERY = """
    select facet, level, cluster_id, name, users
    from clusters
    where cluster_id <> '(other)' and (facet = $1 or $1 is null)
    order by facet, level desc, conversations desc, cluster_id
"""


def lines(out: Path, facet: str | None = None) -> Iterator[str]:
    """The file, line by line. UsageError for a facet that is not published, InputError where nothing is."""
    with closing(open_published(out)) as con:
        known = trees.facets(con)
        if facet is not None and facet not in known:
            raise UsageError(f"--facet {facet!r}: not published; published are: {', '.join(known) or 'none'}.")
        found = con.execute(QUERY, [facet]).fetchall()
    text = ABOVE + "".join(map(_rows, found)) + BELOW
    parse("corrections", "models", text)  # a name is a comment here, never code
    yield from text.rstrip("\n").split("\n")


def _rows(row: tuple[str, int, str, str, int]) -> str:
    facet, level, cluster_id, name, users = row
    about = " ".join(printable(f"level {level}, {users:,} users: {name}").split())
    given = f"{literal(facet)}, {literal(cluster_id)}"
    return f"    -- {about}\n    -- ({given}, 'rename', 'New name', 'who', 'why'),\n"
