"""Reads tables of a DuckDB or SQLite file from elsewhere: such a file can hold code, so only tables are read.

A view of a DuckDB file is run only if that is allowed, and then by a separate instance that can open no other file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from clio_sql.errors import InputError
from clio_sql.errors.quotable import names
from clio_sql.sources.limits import Limits
from clio_sql.sql_text.quoting import identifier, literal

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
SQLITE = b"SQLite format 3\0"
BATCH = 10_000  # rows that are in memory at once
VIEWS = "--allow-views"


def is_sqlite(path: str) -> bool:
    """Whether the file begins as those of SQLite do."""
    with open(path, "rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def copied(
    con: duckdb.DuckDBPyConnection, target: str, path: str, table: str, where: str, allow_views: bool, limits: Limits
) -> dict[str, str]:
    """Copy a table of the file into a new temporary table of `con`; returns its columns with their types.

    Raises InputError, also for a view if views are not allowed.
    """
    into = Target(con, target, where, limits)
    (_from_sqlite if is_sqlite(path) else _from_duckdb)(into, path, table, allow_views)
    return into.types


@dataclass
class Target:
    """The temporary table that rows go to."""

    con: duckdb.DuckDBPyConnection
    name: str
    where: str
    limits: Limits
    types: dict[str, str] = field(default_factory=dict)

    def fill(self, types: dict[str, str], rows: Callable[[], pa.RecordBatchReader]) -> None:
        """Create the table and insert the rows, batch by batch."""
        self.limits.require_few(self.where, types)
        self.types = types
        columns = ", ".join(f"{identifier(name)} {type_}" for name, type_ in types.items())
        self.con.execute(f"create temp table {self.name} ({columns})")
        self.con.register(f"{self.name}_rows", rows())
        try:
            self.con.execute(f"insert into {self.name} from {self.name}_rows")
        finally:
            self.con.unregister(f"{self.name}_rows")


def _from_duckdb(into: Target, path: str, table: str, allow_views: bool) -> None:
    with closing(duckdb.connect(config=CONFIG)) as given:
        given.execute("set enable_progress_bar = false")
        try:
            given.execute(f"attach {literal(path)} as given (type duckdb, read_only)")
        except duckdb.Error as error:
            raise InputError(f"{into.where}: {_closed(str(error))}") from None
        # before the catalogue is read, which binds views
        given.execute("set enable_external_access = false")
        given.execute("set lock_configuration = true")
        schema, name, is_view = _chosen(given.execute(TABLES).fetchall(), table, into.where, allow_views)
        if not is_view and given.execute(GENERATED, [schema, name]).fetchall() and not allow_views:
            raise InputError(_refused(into.where, name, "a table with generated columns"))
        relation = f"given.{identifier(schema)}.{identifier(name)}"
        try:
            described = given.execute(f"select column_name, column_type from (describe from {relation})").fetchall()
            into.fill(dict(described), lambda: given.sql(f"from {relation}").to_arrow_reader(BATCH))
        except (duckdb.Error, pa.ArrowException) as error:
            if not is_view:
                raise
            raise InputError(
                f"{into.where}: the view {names([name])} cannot be read ({type(error).__name__}). It may read nothing "
                "outside this file. Write what it selects into a table, and give that."
            ) from None


TABLES = """
    select schema_name, table_name, false from duckdb_tables() where database_name = 'given' and not internal
    union all select schema_name, view_name, true from duckdb_views() where database_name = 'given' and not internal
    order by all"""
GENERATED = """
    select 1 from duckdb_columns()
    where database_name = 'given' and schema_name = ? and table_name = ? and is_generated"""


def _closed(error: str) -> str:
    if "lock" in error:
        return "another process has it locked for writing, so nothing else can read it. Close it there, or copy it."
    if "already attached" in error or "different configuration" in error:
        return "this process has it open already. Close that connection, or copy the file."
    return "it cannot be opened as a DuckDB database. Is it one, and is the file whole?"


def _chosen(tables: list[tuple[str, str, bool]], table: str, where: str, allow_views: bool) -> tuple[str, str, bool]:
    """The named table, or the only one. Raises InputError that lists them, or for a view."""
    matching = [each for each in tables if table in ("", each[1], ".".join(each[:2]))]
    if not table:  # views do not count if there is exactly one table
        matching = [each for each in matching if not each[2]] or matching
    if len(matching) != 1:
        which = f"{table!r} is not one of its tables." if table else "which table?"
        there = ", ".join(".".join(map(lambda part: names([part]), each[:2])) for each in tables[:20]) or "no table"
        raise InputError(f"{where}: {which} There is: {there}. Give it as {where}::schema.table.")
    schema, name, is_view = matching[0]
    if is_view and not allow_views:
        raise InputError(_refused(where, name, "a view"))
    return schema, name, is_view


def _refused(where: str, name: str, what: str) -> str:
    shown = names([name])
    return f"{where}: {shown} is {what}, which runs SQL by whoever made the file. If you trust it, allow it: {VIEWS}."


def _from_sqlite(into: Target, path: str, table: str, allow_views: bool) -> None:
    longest = into.limits.max_row_bytes
    try:
        with closing(_connected(path, longest)) as given:
            listed = given.execute(
                "select schema, name, type <> 'table' from pragma_table_list order by 1, 2"
            ).fetchall()
            tables = [each for each in listed if each[0] == "main" and not each[1].startswith("sqlite_")]
            _, name, _ = _chosen(tables, table, into.where, allow_views)
            columns = [row[1] for row in given.execute(f"pragma table_info({identifier(name)})")]
            into.fill(dict.fromkeys(columns, "VARCHAR"), lambda: _batches(given, name, columns))
    except (sqlite3.Error, pa.ArrowException) as error:
        raise InputError(f"{into.where}: {_why(error, longest)}") from None


def _why(error: Exception, longest: int) -> str:
    if "too big" in str(error):
        return f"a row is longer than {longest:,} bytes. Shorten it, or allow more: max_row_bytes in settings.sql."
    return f"it cannot be read as a SQLite database ({type(error).__name__}). Is it whole?"


def _connected(path: str, longest: int) -> sqlite3.Connection:
    """A connection that only reads, trusts no SQL of the file, and accepts no value that is too long."""
    # Without a write-ahead log next to it, no process is writing, and the folder may be read-only for us
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    con = sqlite3.connect(f"{Path(path).resolve().as_uri()}?{mode}", uri=True, check_same_thread=False)
    con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
    con.text_factory = lambda text: text.decode(errors="replace")
    for setting in ("trusted_schema = off", "query_only = on", "cell_size_check = on"):
        con.execute(f"pragma {setting}")
    return con


def _batches(con: sqlite3.Connection, name: str, columns: list[str]) -> pa.RecordBatchReader:
    listed = ", ".join(f"iif(typeof({c}) = 'blob', null, cast({c} as text))" for c in map(identifier, columns))
    rows = con.execute(f"select {listed} from main.{identifier(name)}")
    schema = pa.schema([(f"c{number}", pa.string()) for number, _ in enumerate(columns)])

    def batches() -> Iterator[pa.RecordBatch]:
        while part := rows.fetchmany(BATCH):
            yield pa.record_batch([pa.array(values, pa.string()) for values in zip(*part, strict=True)], schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
