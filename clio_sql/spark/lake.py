"""The folder that workers and driver share: Parquet of what grows with the conversations. Private, as it holds texts.

`lake/NAME/VERSION/` holds one relation, made from what VERSION is a hash of. It is complete if `_SUCCESS` is in it,
which Spark writes last, and `_types.json`. The warehouse has a view of that name over the newest one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import private
from clio_sql.warehouse.database import drop_other_kind, inside, kind
from clio_sql.warehouse.places import LAKE, OF_SPARK  # the folder in OUT, and the database of the views that read it

TYPES = "_types.json"


class Lake:
    """The lake of one analysis, seen by the driver's connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path, schema: str) -> None:
        """folder: absolute, the same for all workers. Shows what an earlier run left whole."""
        self.con, self.folder, self.schema = con, folder, schema
        with private.alone():
            folder.mkdir(exist_ok=True)
            (folder / OF_SPARK).touch()
        con.execute(f"attach ':memory:' as {LAKE}")
        for path in sorted(folder.glob("*/_shown")):
            version = path.parent / path.read_text("utf-8")
            if self.is_whole(version):
                self.show(path.parent.name, version)

    def place(self, name: str, made_from: str) -> Path:
        """Where a relation lies that is made from that."""
        return self.folder / name / hashlib.sha256(made_from.encode()).hexdigest()[:16]

    def is_whole(self, place: Path) -> bool:
        """Whether it was written to its end."""
        return (place / "_SUCCESS").exists() and (place / TYPES).exists()

    def finish(self, place: Path, types: Mapping[str, str]) -> None:
        """Say that Spark wrote it whole. types: column -> DuckDB's type."""
        (place / TYPES).write_text(json.dumps(dict(types)), "utf-8")

    def types(self, place: Path) -> dict[str, str]:
        """Column -> DuckDB's type of what lies there."""
        found: dict[str, str] = json.loads((place / TYPES).read_text("utf-8"))
        return found

    def show(self, name: str, place: Path) -> None:
        """Let the warehouse read it under its name."""
        casts = ", ".join(
            f"{identifier(column)}::{type_} as {identifier(column)}" for column, type_ in self.types(place).items()
        )
        files = literal(f"{place}/*.parquet")
        read = f"read_parquet({files})" if any(place.glob("*.parquet")) else None
        rows = f"select {casts} from {read}" if read else self._nothing(place)
        self.con.execute(f"create or replace view {LAKE}.main.{identifier(name)} as {rows}")
        with inside(self.con, self.schema):
            drop_other_kind(self.con, identifier(name), kind(self.con, name), "view")
            self.con.execute(f"create or replace view {identifier(name)} as from {LAKE}.main.{identifier(name)}")
        (self.folder / name / "_shown").write_text(place.name, "utf-8")

    def _nothing(self, place: Path) -> str:
        casts = ", ".join(f"null::{type_} as {identifier(column)}" for column, type_ in self.types(place).items())
        return f"select {casts} where false"

    def shown(self, name: str) -> Path | None:
        """Where the relation lies that the warehouse reads, if there is one."""
        path = self.folder / name / "_shown"
        return path.parent / path.read_text("utf-8") if path.exists() else None

    def export(self, name: str, made_from: str) -> Path:
        """A relation of the warehouse as Parquet, for Spark to read."""
        place = self.place(name, made_from)
        if not (place / "_SUCCESS").exists():
            shutil.rmtree(place, ignore_errors=True)
            with private.alone():
                place.mkdir(parents=True)
            self.con.execute(
                f"copy (from {identifier(name)}) to {literal(str(place / 'part.parquet'))} (format parquet)"
            )
            (place / "_SUCCESS").touch()
        return place

    def clear(self, names: Collection[str]) -> None:
        """Remove all but the newest version of these, and all of what is none of them."""
        for path in filter(Path.is_dir, self.folder.iterdir()):
            newest = self.shown(path.name) if path.name in names else None
            if newest is None:
                shutil.rmtree(path)
                continue
            for version in path.iterdir():
                if version.is_dir() and version != newest:
                    shutil.rmtree(version)
