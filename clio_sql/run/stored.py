"""The paid calls of an earlier run, for work in memory: copied from its warehouse, and new ones put there."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import datetime
from itertools import product
from pathlib import Path

import duckdb

from clio_sql.errors import StateError
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock, places, private, state
from clio_sql.warehouse.places import WAREHOUSE

MADE = """
    select asked.conversation_id, key, input_hash
    from clio_state.calls inner join clio_state.call_inputs using (key) cross join clio_state.salt
    inner join asked on input_hash = sha256(salt || transcript)
    where called_at >= ? order by all"""


def copy(con: duckdb.DuckDBPyConnection, into: Path | None) -> None:
    """Copy the stored calls of an earlier run into `con`, so that they count as paid. Nothing where there is none."""
    if into is None or not (into / WAREHOUSE).exists():
        return
    try:
        con.execute(f"attach {literal(str(into / WAREHOUSE))} as earlier (read_only)")
    except duckdb.IOException:
        raise StateError(f"{into / WAREHOUSE}: cannot be read; another process may be writing it.") from None
    query = "select table_name from duckdb_tables() where database_name = 'earlier' and schema_name = 'clio_state'"
    there = {name for (name,) in con.execute(query).fetchall()}
    for table in ("calls", "salt", "forgotten"):  # forgotten users are not asked about
        if table in there:
            con.execute(f"insert into clio_state.{table} by name from earlier.clio_state.{table}")
    con.execute("detach earlier")


def require_writable(into: Path | None) -> None:
    """Raise StateError if there is a warehouse that could not take what is paid for."""
    if into is not None and (into / WAREHOUSE).exists():
        with private.alone(), closing(_opened(into / WAREHOUSE)) as own:
            state.migrate(own)


def keep(con: duckdb.DuckDBPyConnection, into: Path | None, since: datetime) -> int:
    """Put the calls of `con` since a moment, in UTC, into the warehouse of `into`, if there is one. Returns how many.

    con: has the table `asked` with conversation_id and transcript. A call about a conversation that no analysis of the
    warehouse holds is not kept: an erasure could not find it.
    """
    made = con.execute(MADE, [since]).fetchall()
    if not made or into is None or not (into / WAREHOUSE).exists():
        return 0
    with private.alone(), closing(_opened(into / WAREHOUSE)) as own:
        state.migrate(own)
        held = _held(own, sorted({conversation for conversation, *_ in made}))
        strange = {key for conversation, key, _ in made if conversation not in held}
        kept = [each for each in made if each[1] not in strange]
        keys = sorted({key for _, key, _ in kept})
        _write(con, own, "salt", "select true, salt from clio_state.salt", [])
        own.execute("begin")
        _write(con, own, "calls", "from clio_state.calls where list_contains(?, key)", [keys])
        _write(con, own, "call_inputs", "from clio_state.call_inputs where list_contains(?, key)", [keys])
        for conversation, _, text in kept:
            own.execute(
                f"insert into {state.SCHEMA}.conversation_inputs values (?, ?) on conflict do nothing",
                [conversation, text],
            )
        own.execute("commit")
    return len(keys)


def _write(
    con: duckdb.DuckDBPyConnection, own: duckdb.DuckDBPyConnection, table: str, query: str, parameters: list[object]
) -> None:
    """Write the rows of a query on `con` into a table of the state of `own`; a call that had failed is replaced."""
    found = con.execute(query, parameters)
    columns = ", ".join(column[0] for column in found.description or ())
    marks = ", ".join("?" * len(found.description or ()))
    names = "" if table == "salt" else f" ({columns})"
    how = "insert or replace" if table == "calls" else "insert or ignore"
    for row in found.fetchall():
        own.execute(f"{how} into {state.SCHEMA}.{table}{names} values ({marks})", row)


def _held(own: duckdb.DuckDBPyConnection, ids: list[str]) -> set[str]:
    """Those of these conversations, or segments of them, that an analysis of the warehouse holds."""
    found: set[str] = set()
    for schema, table in product(places.schemas(own), ("conversations", "segments")):
        query = f"select conversation_id from {schema}.{table} where list_contains(?, conversation_id)"
        with suppress(duckdb.CatalogException):  # of a run that did not get so far, or of an earlier version
            found |= {conversation for (conversation,) in own.execute(query, [ids]).fetchall()}
    return found


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        lock.require_plain(path)
        return duckdb.connect(str(path))
    except duckdb.Error as error:
        raise StateError(
            f"{path}: cannot be opened for writing ({type(error).__name__}), so paid answers could not be kept. Wait "
            "for the process that has it open, or leave --into out."
        ) from None
