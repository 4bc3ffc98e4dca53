"""The lock on a database while SQL of a user runs in it, and what a warehouse may hold before it is opened.

A DuckDB file is code: a macro called `round` or a trigger on a table of the state would run with all rights, before
the lock. So a warehouse is inspected first, by an instance that can open nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.errors import StateError
from clio_sql.errors.quotable import names
from clio_sql.sql_text import syntax
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import state

# In this order. DuckDB itself adds the attached databases and its spill folder to the paths.
LOCK = (
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set allowed_paths = []",
    "set allowed_directories = {folders}",
    "set enable_external_access = false",
    "set lock_configuration = true",
)
KEPT = ("migrations", "salt", "forgotten", "erasures", "to_rebuild", "traces", "builds")  # unchanged by a build
WORD = r'(?:\w+|"\w+")'
VIEW = re.compile(
    rf"CREATE (?:SECURE )?VIEW (?:{WORD}\.)*{WORD}(?: \({WORD}(?:, {WORD})*\))? AS (?P<query>.*)", re.DOTALL
)

# One row per thing in the file that runs by itself or instead of something of ours: what, schema, name, its SQL.
CODE = """
    select replace(function_type, '_', ' ') as what, schema_name, function_name as name, null as sql
    from duckdb_functions()
    where database_name = 'warehouse' and not internal
        and (schema_name <> 'main' or not list_contains($ours, function_name))
    union all
    select 'trigger', schema_name, trigger_name, null from duckdb_triggers() where database_name = 'warehouse'
    union all
    select 'type', schema_name, type_name, null from duckdb_types() where database_name = 'warehouse' and not internal
    union all
    select 'view', schema_name, view_name, sql from duckdb_views() where database_name = 'warehouse' and not internal
    union all
    select if(is_generated, 'generated column', 'default of column'), schema_name, column_name, null
    from duckdb_columns()
    where database_name = 'warehouse' and not internal and (is_generated or column_default is not null)
        and (is_generated or schema_name <> 'clio_state' or coalesce(column_default, '') <> '''clio''')
    order by all
"""


def lock(con: duckdb.DuckDBPyConnection, *folders: Path) -> Callable[[], None]:
    """Lock the instance behind `con` for as long as it lives: no file, extension, setting or Python object is in reach.

    Only databases that are already attached can be written, DuckDB's spill folder, and these folders. The returned
    function raises StateError if the state has changed since the lock was set, and restores the list of forgotten
    users.
    """
    (name,) = con.execute("select current_database()").fetchall()[0]
    at = datetime.now(UTC).replace(tzinfo=None)
    before, forgotten = _state(con, at), _forgotten(con)
    close_off(con, *folders)

    def require_same_state() -> None:
        after = _state(con, at)
        if wrong := [table for table in before if after.get(table) != before[table]]:
            _put_back(con, forgotten)
            raise StateError(
                f"{name}: the SQL of the analysis changed {', '.join(wrong)} of the schema {state.SCHEMA}, which no "
                "file may do. Nothing is published, and forgotten users stay forgotten. Take that SQL out; if tables "
                "are gone, put a backup of the warehouse in its place."
            )

    return require_same_state


def in_memory() -> duckdb.DuckDBPyConnection:
    """An empty locked database, to try a user's SQL on."""
    con = duckdb.connect(config={"temp_directory": ""})
    close_off(con)
    return con


def close_off(con: duckdb.DuckDBPyConnection, *folders: Path) -> None:
    """Lock the instance as `lock` does; these folders can be written too."""
    for statement in LOCK:
        con.execute(statement.format(folders=f"[{', '.join(literal(f'{folder}/') for folder in folders)}]"))


def _state(con: duckdb.DuckDBPyConnection, at: datetime) -> dict[str, str]:
    """Table of the state -> a hash of the rows that a build does not touch; no entry if it is not a table."""
    there = state.tables(con)
    rows = {table: f"from {state.SCHEMA}.{table}" for table in KEPT}
    # a build adds calls, and repeats failed ones
    rows["calls"] = f"from {state.SCHEMA}.calls where status = 'ok' and called_at < timestamp '{at}'"
    return {table: _hash(con, query) for table, query in rows.items() if table in there}


def _hash(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    query = f"select count(*), sum(md5_number_lower(cast(rows as varchar))) from ({rows}) as rows"
    return str(con.execute(query).fetchall()[0])


def _forgotten(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Of the tables with the salt, and with who was forgotten under it: the rows; none where there is no state."""
    tables = [table for table in ("salt", "forgotten") if table in state.tables(con)]
    return {table: con.execute(f"from {state.SCHEMA}.{table}").fetchall() for table in tables}


def _put_back(con: duckdb.DuckDBPyConnection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, each in rows.items():
        if each and table in state.tables(con):
            con.execute(f"delete from {state.SCHEMA}.{table}")
            con.executemany(f"insert into {state.SCHEMA}.{table} values (?, ?)", [list(row) for row in each])


@cache
def ours() -> frozenset[str]:
    """The macros that we save in schema main: for functions, steps of models, and inputs."""
    sql = files("clio_sql.sql")
    folders = (sql / "macros", sql / "steps", sql / "sources" / "macros")
    return frozenset(file.name.removesuffix(".sql") for folder in folders for file in folder.iterdir())


def require_plain(path: Path) -> None:
    """Raise StateError if the warehouse at `path` holds code that no run wrote. It is not opened for writing.

    A view is allowed if its SQL is allowed. Raises duckdb.Error if it is not a database, or one that another
    process has open.
    """
    with closing(duckdb.connect(config={"temp_directory": ""})) as con:
        con.execute(f"attach {literal(str(path))} as warehouse (type duckdb, read_only)")
        close_off(con)  # before the catalogue is read, which binds its views
        found = [
            f"{what} {names([schema])}.{names([name])}"
            for what, schema, name, sql in con.execute(CODE, {"ours": sorted(ours())}).fetchall()
            if what != "view" or not _is_harmless(sql)
        ]
    if found:
        raise StateError(
            f"{path}: holds {', '.join(found[:3])}{f' and {len(found) - 3:,} more' if len(found) > 3 else ''}, which "
            "no run wrote and which would run with your rights. Nothing was read. Give another folder, or drop it with "
            "DuckDB if you made it."
        )


def _is_harmless(sql: str) -> bool:
    """Whether the query of a view is allowed; names of schemas may be used in it."""
    found = VIEW.fullmatch(sql.strip().removesuffix(";"))
    if found is None:
        return False
    try:
        query = syntax.read(found["query"])
    except syntax.Wrong:
        return False
    functions = {f"{name}_raw" for name in ours()}
    called = {call.name for call in query.functions} - syntax.allowed() - ours() - functions
    rows = {call.name for call in query.table_functions} - syntax.ROWS - ours()
    paths = [table for table in query.tables if not re.fullmatch(r"\w+(\.\w+)*", table.name)]
    return not (called or rows or paths)
