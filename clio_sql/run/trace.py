"""From a cluster back to its conversations, only in safety mode; every access is recorded before anything is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.calls.store import now
from clio_sql.errors import ClioError, InputError, StateError
from clio_sql.errors.quotable import quoted
from clio_sql.warehouse import lock, places, private, state
from clio_sql.warehouse.database import inside, scalar

CONVERSATIONS = """
select conversation_id, segments.user_id, created_at, messages
from memberships inner join segments using (conversation_id)
where facet = ? and cluster_id = ?
order by created_at, conversation_id
limit ?
"""


def trace(out: Path, cluster: str, facet: str | None = None, limit: int | None = None) -> Iterator[str]:
    """The conversations of a cluster of any level, the oldest first, as JSON: id, user, time and messages.

    facet: needed if several have a cluster with that id. Raises InputError for an unknown cluster, ClioError if
    the mode is not safety, StateError if the access cannot be recorded: then nothing is shown.
    """
    path, schema, name = places.located(out)
    with private.alone():
        shown = _recorded(path, schema, name, out, cluster, facet, limit)
    columns = ("conversation_id", "user_id", "created_at", "messages")
    yield from (json.dumps(dict(zip(columns, row, strict=True)), default=str, ensure_ascii=False) for row in shown)


def _recorded(
    path: Path, schema: str, name: str | None, out: Path, cluster: str, facet: str | None, limit: int | None
) -> list[tuple[Any, ...]]:
    """The rows of the conversations, read once it is recorded who asked for them."""
    try:
        lock.require_plain(path)
        con = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise StateError(
            f"{path}: cannot be opened for writing ({type(error).__name__}), so this access could not be recorded. "
            "May you write it, and is it open elsewhere?"
        ) from None
    with con:
        state.migrate(con)
        _require_safety(con, out, schema)
        with inside(con, schema):
            facet = _facet(con, cluster, facet)
            rows = con.execute(CONVERSATIONS, [facet, cluster, limit]).fetchall()
        con.execute(
            "insert into clio_state.traces values (?, ?, ?, ?, ?, ?)",
            [now(), os_user(), facet, cluster, len(rows), name],
        )
    return rows


def _require_safety(con: duckdb.DuckDBPyConnection, out: Path, schema: str) -> None:
    try:
        mode = scalar(con, f"select mode from {schema}.settings")
    except duckdb.CatalogException:
        mode = None
    if mode != "safety":
        raise ClioError(
            f"{out}: its mode is {mode or 'not known'!s}, in which conversations are not shown. Only an analysis whose "
            "settings.sql says mode 'safety' can be traced."
        )


def _facet(con: duckdb.DuckDBPyConnection, cluster: str, facet: str | None) -> str:
    """The facet of a cluster. Raises InputError if there is none, or if it must be given."""
    rows = con.execute("select facet from hierarchy where cluster_id = ? order by facet", [cluster]).fetchall()
    facets = [name for (name,) in rows if facet in (None, name)]
    if len(facets) == 1:
        return facets[0]
    what = f"several facets have it: {', '.join(facets)}. Give --facet" if facets else "there is no such cluster"
    raise InputError(f"cluster {quoted(cluster)}: {what}. `select facet, cluster_id, name from clusters` lists them.")


def os_user() -> str:
    """Who runs this process, as the system knows them; environment variables cannot change it."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return str(getattr(os, "getuid", lambda: "unknown")())
