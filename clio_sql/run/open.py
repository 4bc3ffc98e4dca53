"""Opens a warehouse for a run: a plain file, private, with our functions and the memory it may take."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.builder import Reporter
from clio_sql.errors import StateError, is_disk_full
from clio_sql.errors.explained import DEBUG, explained
from clio_sql.register import connect, engine_of, save_macros, why_not
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import erase, lock, private
from clio_sql.warehouse.places import is_of_spark


@contextmanager
def opened(
    path: Path, reporter: Reporter, runtime: Mapping[str, Any], own: Collection[str] | None = None, lake: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with all functions, and close it at the end. Within, errors of DuckDB become ours.

    own: as `failures.explained` takes it. lake: for a run on Spark; raises StateError where the folder is not of one.
    """
    if path.exists() and is_of_spark(path.parent) != lake:
        wrote, asked = ("clio-sql run", "clio-sql spark")[:: 1 if lake else -1]
        raise StateError(
            f"{path.parent}: was written by {wrote}, which keeps rows elsewhere than {asked}. Use {wrote}, or give "
            "another folder."
        )
    with private.alone():
        yield from _opened(path, reporter, runtime, own)


def _private(warehouse: Path) -> list[Path]:
    """The files of a folder that hold conversations, or earlier published data."""
    beside = [warehouse.with_name(f"{warehouse.name}{end}") for end in (".wal", ".tmp")]
    return [warehouse, *beside, *sorted(warehouse.parent.glob("builds")), *sorted(warehouse.parent.glob("*/builds"))]


def _opened(
    path: Path, reporter: Reporter, runtime: Mapping[str, Any], own: Collection[str] | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    con = _connected(path, runtime)
    engine = engine_of(con)
    assert engine is not None
    try:
        _ = engine.precision  # raises before anything is written
        for line in private.mended(_private(path)):
            reporter.say(line)
        engine.progress = reporter.answered
        con.execute(f"set memory_limit = {literal(engine.runtime.memory_limit or _memory())}")
        con.execute("set enable_progress_bar = false")  # DuckDB's would be drawn over ours, on standard output
        erase.clear(path)
        yield con
    except duckdb.Error as error:
        raise explained(error, reporter.relation, own) from error
    finally:
        reporter.stop()
        engine.close()
        con.close()


def _memory() -> str:
    """The memory that DuckDB may use: its own default, most of the machine's, leaves the models too little."""
    return f"{min(4_000_000_000, os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2)}B"


def _connected(path: Path, runtime: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    try:
        _require_plain(path)
        was_there = path.exists()
        con = connect(path, **runtime)
        try:
            if was_there:
                save_macros(con)  # whoever wrote the file may have replaced them
        except BaseException:
            con.close()
            raise
        return con
    except duckdb.Error as error:
        if is_disk_full(error):
            raise explained(error, path.name) from None
        raise StateError(
            f"{path}: what an earlier run left in it cannot be used ({type(error).__name__}). Give another folder, "
            f"or move this file away; {DEBUG}."
        ) from error


def _require_plain(path: Path) -> None:
    try:
        if path.exists():
            lock.require_plain(path)
    except (duckdb.IOException, duckdb.ConnectionException, duckdb.CatalogException) as error:
        if is_disk_full(error):
            raise
        raise StateError(why_not(path, error)) from None
