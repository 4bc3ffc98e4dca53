"""An ibis connection that knows the functions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from clio_sql.register import connect as connected


def connect(path: str | Path = ":memory:", *, read_only: bool | None = None, **runtime_arguments: object) -> Backend:
    """An ibis DuckDB connection with all functions registered.

    path: a DuckDB file, such as OUT/warehouse.duckdb or OUT/published.duckdb, or ':memory:'. read_only: a file that is
    there is opened for reading alone unless this is False; a new one is made. runtime_arguments: fields of
    `clio_sql.runtime.Runtime`. Close it with `disconnect()`. Raises StateError as `clio_sql.connect` does.
    """
    if read_only is None:
        read_only = str(path) != ":memory:" and Path(path).exists()
    con = connected(path, read_only=read_only, **runtime_arguments)
    return ibis.duckdb.from_connection(_OldNames(con))  # type: ignore[arg-type]


class _OldNames:
    """A DuckDB connection that also answers to two names of DuckDB 1.x, which ibis 12 calls and 2.0 has not.

    Without them `list_tables`, `to_pyarrow_batches` and `con.sql` fail. To be dropped with an ibis that knows 2.0.
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
        with warnings.catch_warnings(action="ignore"):  # of a copy: these are lists of names
            return self._con.to_arrow_table()

    def fetch_record_batch(self, rows_per_batch: int) -> Any:
        with warnings.catch_warnings(action="ignore"):
            return self._con.to_arrow_reader(rows_per_batch)
