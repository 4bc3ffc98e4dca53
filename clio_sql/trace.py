"""From a cluster back to its conversations, in safety mode alone; every look is recorded before it is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from clio_sql import state
from clio_sql.analyse import WAREHOUSE
from clio_sql.calls.store import now
from clio_sql.errors import ClioError, InputError, StateError

CONVERSATIONS = """
select conversation_id, conversations.user_id, created_at, messages
from clio.memberships inner join clio.conversations using (conversation_id)
where facet = ? and cluster_id = ?
order by created_at, conversation_id
limit ?
"""


def trace(out: Path, cluster: str, facet: str | None = None, limit: int | None = None) -> Iterator[str]:
    """The conversations of a cluster of any level, the oldest first, as JSON: id, user, time and messages.

    facet: needed where several have a cluster of that id. Raises InputError for an unknown cluster, ClioError where
    the mode is not safety, StateError where the look cannot be recorded: then nothing is shown.
    """
    path = out / WAREHOUSE
    if not path.exists():
        raise InputError(f"{out}: there is no {WAREHOUSE} in it. Give the folder that a run wrote.")
    try:
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise StateError(
            f"{path}: cannot be opened for writing ({type(error).__name__}), so that this look could be recorded. "
            "May you write it, and is it open elsewhere?"
        ) from None
    with con:
        state.migrate(con)
        _require_safety(con, out)
        facet = _facet(con, cluster, facet)
        rows = con.execute(CONVERSATIONS, [facet, cluster, limit]).fetchall()
        con.execute(
            "insert into clio_state.traces values (?, ?, ?, ?, ?)", [now(), os_user(), facet, cluster, len(rows)]
        )
    names = ("conversation_id", "user_id", "created_at", "messages")
    yield from (json.dumps(dict(zip(names, row, strict=True)), default=str, ensure_ascii=False) for row in rows)


def _require_safety(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    try:
        (mode,) = con.execute("select mode from clio.settings").fetchone()  # type: ignore[misc]
    except duckdb.CatalogException:
        mode = None
    if mode != "safety":
        raise ClioError(
            f"{out}: its mode is {mode or 'not known'!s}, in which nobody reads conversations. Only an analysis whose "
            "settings.sql says mode 'safety' can be traced."
        )


def _facet(con: duckdb.DuckDBPyConnection, cluster: str, facet: str | None) -> str:
    """The facet of a cluster. Raises InputError where there is none, or where it must be told."""
    rows = con.execute("select facet from clio.hierarchy where cluster_id = ? order by facet", [cluster]).fetchall()
    facets = [name for (name,) in rows if facet in (None, name)]
    if len(facets) == 1:
        return facets[0]
    what = f"several facets have it: {', '.join(facets)}. Give --facet" if facets else "there is no such cluster"
    raise InputError(f"cluster {cluster[:40]!r}: {what}. `select facet, cluster_id, name from clusters` lists them.")


def os_user() -> str:
    """Who runs this process, as the system knows them: no variable of the environment can say otherwise."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return str(getattr(os, "getuid", lambda: "unknown")())
