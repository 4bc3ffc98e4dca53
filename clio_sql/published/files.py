"""Opens published files. A DuckDB file can hold code by whoever wrote it, so only tables are accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from importlib.resources import files as packaged
from pathlib import Path

import duckdb

from clio_sql.errors import InputError
from clio_sql.errors.quotable import names, quoted
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse.state import SCHEMA

PUBLISHED, SAFETY = "published.duckdb", "safety.duckdb"
REPORT, SAFETY_REPORT = "report.html", "safety-report.html"
NEEDED = ("clusters", "held_back", "about")
OF_ABOUT = ("built_at", "made_by")  # its other columns are settings, which differ between versions
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",  # what is published fits into memory
}
LOCK = "set lock_configuration = true"
SHOWN = 3  # findings that a refusal lists

# One row per thing in the file that is not a table, and per column that is not plain.
CODE = """
    select 'view' as what, view_name as name from duckdb_views() where database_name = $1 and not internal
    union all
    select replace(function_type, '_', ' '), function_name from duckdb_functions()
    where database_name = $1 and not internal
    union all
    select 'type', type_name from duckdb_types() where database_name = $1 and not internal
    union all
    select 'trigger', trigger_name from duckdb_triggers() where database_name = $1
    union all
    select 'sequence', sequence_name from duckdb_sequences() where database_name = $1
    union all
    select 'index', index_name from duckdb_indexes() where database_name = $1
    union all
    select 'schema', schema_name from duckdb_schemas()
    where database_name = $1 and not internal and schema_name <> 'main'
    union all
    select lower(constraint_type) || ' constraint of', table_name from duckdb_constraints()
    where database_name = $1 and constraint_type <> 'NOT NULL'
    union all
    select if(is_generated, 'generated column', 'default of column'), column_name from duckdb_columns()
    where database_name = $1 and not internal and (is_generated or column_default is not null)
    order by all
"""


def is_safety(folder: Path) -> bool:
    """Whether a folder holds what an analysis in safety mode wrote, and nothing that is published."""
    return (folder / SAFETY).exists() and not (folder / PUBLISHED).exists()


def open_published(folder: Path, or_safety: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `folder/published.duckdb` as `open_file` does; InputError also if there is none.

    or_safety: open `safety.duckdb` instead where that is there; only for the screen of a user who may read that file.
    """
    path = folder / (SAFETY if or_safety and is_safety(folder) else PUBLISHED)
    if is_safety(folder) and not or_safety:
        raise InputError(
            f"{folder}: holds {SAFETY}, which is not published: its analysis ran in safety mode. tree, report and "
            "trace read it; to publish, run in mode 'insight' into another folder."
        )
    if not path.exists():
        raise InputError(
            f"{folder}: there is no published.duckdb in it. Give the folder that a run wrote: "
            "clio-sql run INPUT --into OUT makes one."
        )
    return open_file(path)


def open_file(path: Path, lock: bool = True) -> duckdb.DuckDBPyConnection:
    """A locked connection in memory with a view of each table of a published file, under the same name and comment.

    The file itself is attached read-only as `published`. lock: if False, the caller must execute `LOCK` once
    its settings are made; external access is off in any case. Raises InputError if the file cannot be read, holds
    anything but tables, or has our tables with other columns.
    """
    con = opened({"published": path}, lock)
    rows = con.execute("select table_name, comment from duckdb_tables() where database_name = 'published'").fetchall()
    for table, comment in rows:
        con.execute(f"create view {identifier(table)} as from published.main.{identifier(table)}")
        if comment:
            con.execute(f"comment on view {identifier(table)} is {literal(comment)}")
    return con


def with_functions(con: duckdb.DuckDBPyConnection, **runtime_arguments: object) -> duckdb.DuckDBPyConnection:
    """Register the functions on a connection of `open_file`. No state is kept: a published file has no calls."""
    from clio_sql.register import register

    register(con, **runtime_arguments)
    con.execute(f"drop schema if exists {SCHEMA} cascade")
    return con


def opened(files: Mapping[str, Path], lock: bool = True) -> duckdb.DuckDBPyConnection:
    """A locked connection in memory with each file attached read-only under its name; InputError as `open_file`.

    Names without a database are those in memory: nothing in a file can take the name of something of DuckDB's.
    """
    con = duckdb.connect(config=CONFIG)
    path = None
    try:
        con.execute("set enable_progress_bar = false")
        for name, path in files.items():
            con.execute(f"attach {literal(str(path))} as {identifier(name)} (type duckdb, read_only)")
        con.execute("set enable_external_access = false")  # before the catalogue is read, which binds its views
        for name, path in files.items():
            _require_tables(con, name, path)
        if lock:
            con.execute(LOCK)
    except duckdb.Error as error:
        con.close()
        raise InputError(
            f"{path}: cannot be read as a file that a run wrote ({type(error).__name__}). Run again to rewrite it."
        ) from None
    except InputError:
        con.close()
        raise
    return con


def built_at(path: Path) -> datetime | None:
    """When the build of a published file began, in UTC; None if a run did not write the file."""
    try:
        with closing(opened({"published": path})) as con:
            return con.execute("select built_at from published.main.about").fetchall()[0][0]
    except (InputError, IndexError):
        return None


def is_warehouse(path: Path) -> bool:
    """Whether a file is a warehouse: it has our state, and not the name of a published file."""
    if path.name in (PUBLISHED, SAFETY):
        return False
    query = "select 1 from duckdb_schemas() where database_name = 'given' and schema_name = ?"
    try:
        with duckdb.connect(config=CONFIG) as con:
            con.execute(f"attach {literal(str(path))} as given (type duckdb, read_only)")
            return bool(con.execute(query, [SCHEMA]).fetchall())
    except duckdb.Error:  # locked, or not a database: opening it reports that
        return True


def _require_tables(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    found = [f"{what} {quoted(of)}" for what, of in con.execute(CODE, [name]).fetchall()]
    if found:
        more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        raise InputError(
            f"{path}: holds {', '.join(found[:SHOWN])}{more}, but a published file holds plain tables only. "
            "Anything else is code by whoever wrote it, so nothing was read. Run again to rewrite it, or ask "
            "for the file that a run wrote."
        )
    wrong = next(_wrong_columns(con, name), None)
    if not wrong and con.execute(f"select count(*) from {identifier(name)}.main.about").fetchall() != [(1,)]:
        wrong = "about does not have one row"
    if wrong:
        raise InputError(
            f"{path}: cannot be read as a file that a run wrote ({wrong}). Run again to rewrite it; if another "
            "version of clio-sql wrote it, read it with that version."
        )


def _wrong_columns(con: duckdb.DuckDBPyConnection, name: str) -> Iterator[str]:
    """What is wrong with the columns of our tables; other tables are not checked."""
    there: dict[str, dict[str, str]] = {}
    query = "select table_name, column_name, data_type from duckdb_columns() where database_name = ? and not internal"
    for table, column, type_ in con.execute(query, [name]).fetchall():
        there.setdefault(table, {})[column] = type_
    yield from (f"there is no table {table}" for table in NEEDED if table not in there)
    for table, known in _known(con).items():
        columns = there.get(table, {})
        needed = OF_ABOUT if table == "about" else known
        yield from (f"{table} has no column {column}" for column in needed if columns and column not in columns)
        yield from (
            f"{table}.{names([column])} is {type_.partition('(')[0]}, not {known.get(column, 'a column of ours')}"
            for column, type_ in columns.items()
            if known.get(column, type_ if table == "about" else None) != type_
        )


def columns() -> dict[str, dict[str, str]]:
    """Table -> column -> type, as the packaged files cast them: `(…)::varchar as name,` in their last select.

    Read without the catalog of relations, whose parser takes longer than a tree takes to print.
    """
    found = {}
    for folder in ("published", "safety"):
        for file in sorted((packaged("clio_sql.sql") / folder).iterdir(), key=lambda file: file.name):
            last = re.split(r"^select\b", file.read_text("utf-8"), flags=re.M)[-1]
            casts = re.findall(r"::([a-z][\w ]*(?:\[\])*) as (\w+)", re.sub(r"--.*", "", last))
            found[file.name.removesuffix(".sql")] = {column: type_ for type_, column in casts}
    return found


def _known(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Table -> column -> type, as DuckDB spells it, for everything a run publishes."""
    ours = columns()
    spelled = sorted({type_ for types in ours.values() for type_ in types.values()})
    (row,) = con.execute(f"select {', '.join(f'typeof(null::{type_})' for type_ in spelled)}").fetchall()
    names = dict(zip(spelled, row, strict=True))
    return {table: {column: names[type_] for column, type_ in types.items()} for table, types in ours.items()}
