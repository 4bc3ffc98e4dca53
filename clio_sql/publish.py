"""Writes `published.duckdb`: the published relations and nothing else, whole, by rename."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from clio_sql import project
from clio_sql.build import SCHEMA
from clio_sql.errors import InputError
from clio_sql.project import Relation
from clio_sql.quoting import literal

STORAGE = "v1.4.0"  # the oldest DuckDB that can read the file; 2.0.0 would write what no 1.x opens


def publish(con: duckdb.DuckDBPyConnection, folder: Path, schema: str = SCHEMA) -> Path:
    """Copy every published relation as a plain table with comments into `folder/published.duckdb`.

    Readers see the old file or the new one, never a part. Returns its path.
    """
    target = folder / "published.duckdb"
    draft = folder / f".published-{os.getpid()}.duckdb"
    draft.unlink(missing_ok=True)
    path = str(draft).replace("'", "''")
    con.execute(f"attach '{path}' as publishing (storage_version '{STORAGE}')")
    try:
        _copy(con, schema, [relation for relation in project.packaged() if relation.published])
        con.execute("checkpoint publishing")
    except BaseException:
        con.execute("detach publishing")
        draft.unlink(missing_ok=True)
        raise
    con.execute("detach publishing")
    os.replace(draft, target)
    return target


def _copy(con: duckdb.DuckDBPyConnection, schema: str, relations: Sequence[Relation]) -> None:
    for relation in relations:
        table = f"publishing.main.{relation.name}"
        con.execute(f"create table {table} as from {schema}.{relation.name}")
        con.execute(f"comment on table {table} is {literal(relation.comment)}")
        for column, comment in relation.columns.items():
            if comment:
                con.execute(f"comment on column {table}.{column} is {literal(comment)}")


def open_published(folder: Path) -> duckdb.DuckDBPyConnection:
    """`folder/published.duckdb`, read-only; InputError where there is none."""
    path = folder / "published.duckdb"
    if not path.exists():
        raise InputError(
            f"{folder}: there is no published.duckdb in it. Give the folder that a run wrote: "
            "clio-sql run INPUT --into OUT makes one."
        )
    return duckdb.connect(str(path), read_only=True)
