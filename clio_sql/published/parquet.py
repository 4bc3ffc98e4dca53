"""The published tables as Parquet, for tools that cannot read DuckDB files: `OUT/parquet/TABLE.parquet`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from clio_sql.analysis.catalog import Relation
from clio_sql.errors import StateError
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import private

FOLDER = "parquet"
OURS = "clio_sql"  # a key in the metadata of each file: only files with it are ever replaced


def wanted(folder: Path, asked: bool) -> bool:
    """Whether to write Parquet: if it was asked for, or if an earlier run wrote some, which would go out of date.

    Raises StateError, without touching anything, if something else has the name or lies among our files.
    """
    target = folder / FOLDER
    if not os.path.lexists(target):
        return asked
    held = ours(folder)
    if target.is_dir() and not target.is_symlink() and {*held} == _visible(target):
        return True
    if asked or held:  # keeping ours would keep outdated figures
        raise StateError(f"{target}: holds files other than clio-sql's tables. Move them away, or give another folder.")
    return False


def ours(folder: Path) -> list[Path]:
    """The files that an earlier run wrote, in order of their names; none if something else has the folder's name."""
    target = folder / FOLDER
    if target.is_symlink() or not target.is_dir():
        return []
    return sorted(filter(_has_mark, _visible(target)))


def _visible(target: Path) -> set[Path]:
    """All files except those that a file manager or an editor leaves behind."""
    return {file for file in target.iterdir() if not file.name.startswith(".")}


def _has_mark(file: Path) -> bool:
    if file.suffix != ".parquet" or file.is_symlink() or not file.is_file():
        return False
    with duckdb.connect() as con:
        try:
            found = con.execute("select key from parquet_kv_metadata(?)", [str(file)]).fetchall()
        except duckdb.Error:
            return False
    return (OURS.encode(),) in found


def draft(con: duckdb.DuckDBPyConnection, catalog: str, relations: Sequence[Relation], folder: Path) -> Path:
    """Write each table of `catalog` into a draft folder next to the previous one. The same rows give the same bytes.

    The comments of a table and of its columns are stored as metadata: `comment`, and `columns` as JSON.
    """
    made = folder / f".{FOLDER}-{os.getpid()}"
    made.mkdir()
    for relation in relations:
        told = {OURS: "published", "comment": relation.comment, "columns": json.dumps(relation.columns)}
        metadata = ", ".join(f"{key}: {literal(value)}" for key, value in told.items())
        file = literal(str(made / f"{relation.name}.parquet"))
        options = f"format parquet, compression zstd, kv_metadata {{{metadata}}}"
        con.execute(f"copy (from {catalog}.{identifier(relation.name)}) to {file} ({options})")
    for path in (*made.iterdir(), made):
        private.share(path)
    return made


def put(made: Path, folder: Path) -> None:
    """Replace the previous folder with the draft, all tables at once: never a mix of two runs.

    Between the two renames there is no folder for an instant: a reader then finds nothing rather than a part.
    """
    target, old = folder / FOLDER, folder / f".{FOLDER}-old-{os.getpid()}"
    if target.exists():
        target.rename(old)
        for file in {*old.iterdir()} - _visible(old):
            file.rename(made / file.name)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def clear(folder: Path) -> None:
    """Remove drafts, also those of a killed run; a folder that it had moved aside is restored."""
    for old in folder.glob(f".{FOLDER}-old-*"):
        if not (folder / FOLDER).exists():
            old.rename(folder / FOLDER)
    for left in folder.glob(f".{FOLDER}-*"):
        shutil.rmtree(left, ignore_errors=True)
