"""The record of every run in `clio_state.builds`, and a copy of what each published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql import builder
from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.errors import InputError, StateError, Stopped
from clio_sql.published import copies
from clio_sql.published import files as published
from clio_sql.register import engine_of
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import lock, places
from clio_sql.warehouse.database import inside, scalar


class Build(NamedTuple):
    """One run as it is listed; times are UTC.

    changed: relations whose SQL, apart from comments, differs from the run before. name: of the analysis, None if
    it has none; the run before is the previous one of the same name.
    """

    build: int
    started_at: datetime
    result: str
    conversations: int | None
    clusters: int | None
    calls: int | None
    cost_usd: float | None
    sql_hash: str
    changed: list[str]
    name: str | None


@contextmanager
def recorded(
    con: duckdb.DuckDBPyConnection, into: Path, relations: Sequence[Relation], schema: str = builder.SCHEMA
) -> Iterator[int]:
    """Record a run that begins, and yield its number; at the end, record how it ended, and copy what it published."""
    _settle(con, into, schema)
    number, started = _begin(con, relations, places.name_of(schema))
    try:
        yield number
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt | Stopped | duckdb.InterruptException)
        stopped = stopped or "executing the UDF: Stopped:" in str(error)
        with suppress(duckdb.Error):  # a failed database no longer answers
            _end(con, number, started, "stopped" if stopped else "failed", type(error).__name__)
        raise
    copies.keep(into, number)
    with inside(con, schema), closing(published.open_published(into, or_safety=True)) as file:
        counts = _counts(con, [relation.name for relation in relations if relation.kind == "table"])
        counts |= _counts(file, [relation.name for relation in relations if relation.published])
        settings = _settings(con)
    con.execute(
        "update clio_state.builds set counts = ?, settings = ?, checks = ? where build = ?",
        [counts, settings, sorted(catalog.checks()), number],
    )
    _end(con, number, started, "published", None)


def _begin(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], name: str | None) -> tuple[int, datetime]:
    engine = engine_of(con)
    assert engine is not None
    runtime, started = engine.runtime, _now()
    paid = [runtime.model, runtime.naming_model] if runtime.provider != "local" else []
    files = {relation.name: hashlib.sha256(relation.code.encode()).hexdigest()[:16] for relation in relations}
    versions = {name: version(name) for name in ("clio-sql", "duckdb")}
    number = scalar(
        con,
        "insert into clio_state.builds by name select coalesce(max(build), 0) + 1 as build, ? as started_at, "
        "'running' as result, ? as sql_hash, ?::map(varchar, varchar) as files, ? as provider, ? as models, "
        "?::map(varchar, varchar) as versions, ? as name from clio_state.builds returning build",
        [
            started,
            catalog.fingerprint(relations),
            files,
            runtime.provider,
            [*paid, engine.vectors],
            versions,
            name,
        ],
    )
    return number, started


def _end(con: duckdb.DuckDBPyConnection, number: int, started: datetime, result: str, error: str | None) -> None:
    con.execute(
        "update clio_state.builds set ended_at = ?, result = ?, error = ?, "
        "calls = (select count(*) from clio_state.calls where called_at >= ?), "
        "cost_usd = (select coalesce(sum(cost_usd), 0) from clio_state.calls where called_at >= ?) where build = ?",
        [_now(), result, error, started, started, number],
    )


def _settle(con: duckdb.DuckDBPyConnection, into: Path, schema: str) -> None:
    """Mark runs that never ended as killed, or as published if they had just published."""
    ours, name = "result = 'running' and name is not distinct from ?", [places.name_of(schema)]
    row = con.execute(f"select max(build) from clio_state.builds where {ours}", name).fetchone()
    number = row[0] if row else None
    if number is not None and _was_published(con, into, schema):
        copies.keep(into, number)
        con.execute("update clio_state.builds set result = 'published' where build = ?", [number])
    con.execute(f"update clio_state.builds set result = 'killed' where {ours}", name)


def _was_published(con: duckdb.DuckDBPyConnection, into: Path, schema: str) -> bool:
    """True if the published file was made by the last run of the warehouse."""
    try:
        built = con.execute(f"select built_at from {identifier(schema)}.build_info").fetchall()
    except duckdb.Error:
        return False
    return built == [(published.built_at(into / published.PUBLISHED),)]


def _counts(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, int]:
    """How many rows each of these has."""
    return {name: scalar(con, f"select count(*) from {identifier(name)}") for name in names}


def _settings(con: duckdb.DuckDBPyConnection) -> str:
    names = [row[0] for row in con.execute("describe settings").fetchall()]
    return json.dumps(dict(zip(names, con.execute("from settings").fetchone() or (), strict=False)), default=str)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def listed(out: Path) -> list[Build]:
    """Every run of OUT, or of the one analysis in OUT/NAME, oldest first.

    Raises InputError if there is none, StateError if it is locked.
    """
    path, _, name = places.located(out)
    try:
        lock.require_plain(path)
        with duckdb.connect(str(path), read_only=True) as con:
            columns = {column for column, *_ in con.execute("describe clio_state.builds").fetchall()}
            named = "name" if "name" in columns else "null"  # before a warehouse could hold several analyses
            rows = con.execute(
                "select build, started_at, result, counts['sampled_conversations'], counts['clusters'], calls, "
                f"cost_usd, sql_hash, files, {named} as name from clio_state.builds "
                f"where $1 is null or {named} = $1 order by build",
                [name],
            ).fetchall()
    except duckdb.CatalogException:
        raise InputError(f"{path}: was written before builds were recorded. Run again to start.") from None
    except duckdb.Error as error:
        what = "another process is writing it; try again when it is done" if "lock" in str(error).lower() else (
            f"cannot be read ({type(error).__name__})"
        )  # fmt: skip
        raise StateError(f"{path}: {what}.") from None
    found: list[Build] = []
    before: dict[str | None, dict[str, Any]] = {}
    for *row, files, of in rows:
        last = before.get(of, files)
        changed = sorted(n for n in {*files, *last} if files.get(n) != last.get(n))
        found.append(Build._make([*row, changed, of]))
        before[of] = files
    return found
