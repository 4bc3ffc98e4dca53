"""Writes `published.duckdb`: the published relations and nothing else, whole, by rename."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from clio_sql.builder import SCHEMA
from clio_sql.errors import InputError, StateError
from clio_sql.project import Relation
from clio_sql.quoting import literal

STORAGE = "v1.4.0"  # the oldest DuckDB that can read the file; 2.0.0 would write what no 1.x opens


def publish(con: duckdb.DuckDBPyConnection, folder: Path, relations: Sequence[Relation], schema: str = SCHEMA) -> Path:
    """Copy every published one of `relations` as a plain table with comments into `folder/published.duckdb`.

    Readers see the old file or the new one, never a part. Returns its path. Raises StateError where it
    cannot be written.
    """
    target = folder / "published.duckdb"
    _clear(folder)
    draft = folder / f".published-{os.getpid()}.duckdb"
    try:
        _write(con, schema, [relation for relation in relations if relation.published], draft)
        os.replace(draft, target)
    except OSError as error:
        raise StateError(
            f"{target}: cannot be written ({error.strerror}). Move what is in its place away and run again."
        ) from None
    finally:
        _clear(folder)
    return target


def withdraw(folder: Path, published: bool = False) -> list[str]:
    """Remove what was made from `published.duckdb` (report, Parquet), and with `published` itself; the names."""
    gone = []
    for path in [folder / "report.html", *(folder / "parquet").glob("*.parquet")]:
        if path.exists():
            path.unlink()
            gone.append(path.name if path.parent == folder else f"parquet/{path.name}")
    if published and (folder / "published.duckdb").exists():
        (folder / "published.duckdb").unlink()
        gone.append("published.duckdb")
    return gone


def _clear(folder: Path) -> None:
    """Remove drafts, also those of a run that was killed: the warehouse's lock lets only one run at a folder."""
    for draft in folder.glob(".published-*.duckdb*"):
        draft.unlink(missing_ok=True)


def _write(con: duckdb.DuckDBPyConnection, schema: str, relations: Sequence[Relation], draft: Path) -> None:
    con.execute(f"attach {literal(str(draft))} as publishing (storage_version '{STORAGE}')")
    try:
        _copy(con, schema, relations)
        con.execute("checkpoint publishing")
    finally:
        con.execute("detach publishing")


def _copy(con: duckdb.DuckDBPyConnection, schema: str, relations: Sequence[Relation]) -> None:
    for relation in relations:
        table = f"publishing.main.{relation.name}"
        con.execute(f"create table {table} as from {schema}.{relation.name}")
        con.execute(f"comment on table {table} is {literal(relation.comment)}")
        for column, comment in relation.columns.items():
            if comment:
                con.execute(f"comment on column {table}.{column} is {literal(comment)}")


def open_published(folder: Path) -> duckdb.DuckDBPyConnection:
    """`folder/published.duckdb`, read-only; InputError where there is none, or none that can be read."""
    path = folder / "published.duckdb"
    if not path.exists():
        raise InputError(
            f"{folder}: there is no published.duckdb in it. Give the folder that a run wrote: "
            "clio-sql run INPUT --into OUT makes one."
        )
    try:
        con = duckdb.connect(str(path), read_only=True)
        con.execute("select 1 from clusters, held_back, about limit 0")
    except duckdb.Error as error:
        raise InputError(
            f"{path}: cannot be read as a file that a run wrote ({type(error).__name__}). Run again to write it anew."
        ) from None
    return con
