"""An ibis connection that knows the functions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from clio_sql.errors import InputError
from clio_sql.published.files import LOCK, PUBLISHED, SAFETY, is_warehouse, open_file, with_functions
from clio_sql.register import connect as connected


def connect(path: str | Path = ":memory:", *, read_only: bool | None = None, **runtime_arguments: Any) -> Backend:
    """An ibis DuckDB connection with all functions registered.

    path: a DuckDB file, such as OUT/warehouse.duckdb or OUT/published.duckdb, or ':memory:'. A file that exists is
    opened read-only unless read_only is False; a missing one is created. A file that is not a warehouse is opened as a
    published file, locked (`clio_sql.published.files.open_file`), unless read_only is given and it has another name.
    runtime_arguments: fields of `clio_sql.runtime.Runtime`. Close it with `disconnect()`. Raises StateError as
    `clio_sql.connect` does, InputError for a published file that holds more than tables.
    """
    there = str(path) != ":memory:" and Path(path).exists()
    foreign = read_only is None and there and not is_warehouse(Path(path))
    if not (foreign or (there and Path(path).name in (PUBLISHED, SAFETY))):
        return _backend(connected(path, read_only=there if read_only is None else read_only, **runtime_arguments))
    con = with_functions(_opened(Path(path)), **runtime_arguments)
    backend = _backend(con)  # changes some settings
    con.execute(LOCK)
    return backend


def _backend(con: duckdb.DuckDBPyConnection) -> Backend:
    return ibis.duckdb.from_connection(_OldNames(con))


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return open_file(path, lock=False)
    except InputError as error:
        raise InputError(f"{error} A database of your own is opened with read_only=True.") from None


class _OldNames:
    """A DuckDB connection that also answers to two names of DuckDB 1.x, which ibis 12 calls and 2.0 does not have.

    Without them `list_tables`, `to_pyarrow_batches` and `con.sql` fail. To be removed once ibis supports 2.0.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, *arguments: Any, **named: Any) -> _OldNames:
        self._con.execute(*arguments, **named)
        return self

    def cursor(self) -> _OldNames:
        return _OldNames(self._con.cursor())

    def fetch_arrow_table(self) -> Any:
        with warnings.catch_warnings(action="ignore"):  # about a copy: these are lists of names
            return self._con.to_arrow_table()

    def fetch_record_batch(self, rows_per_batch: int) -> Any:
        with warnings.catch_warnings(action="ignore"):
            return self._con.to_arrow_reader(rows_per_batch)
