"""The folder that workers and driver share: Parquet of what grows with the conversations. Private, as it holds texts.

`lake/NAME/VERSION/` holds one relation, made from what VERSION is a hash of. It is complete if `_SUCCESS` is in it,
which Spark writes last, and `_made.json`. `_keys` says of a relation that works row by row what each key was made from.
The warehouse has a view of that name over the version that `lake/NAME/_shown` names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import private
from clio_sql.warehouse.database import drop_other_kind, inside, kind
from clio_sql.warehouse.places import LAKE, OF_SPARK  # the folder in OUT, and the database of the views that read it

KEYS, MADE = "_keys", "_made.json"


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
            version = folder / path.read_text("utf-8")
            if self.is_whole(version):
                self.show(path.parent.name, version)
            else:
                path.unlink()

    def place(self, name: str, made_from: str) -> Path:
        """Where a relation lies that is made from that."""
        return self.folder / name / hashlib.sha256(made_from.encode()).hexdigest()[:16]

    def is_whole(self, place: Path) -> bool:
        """Whether it was written to its end."""
        return (place / "_SUCCESS").exists() and (place / MADE).exists()

    def begin(self, place: Path) -> None:
        """An empty folder there, whatever a run left that was killed."""
        shutil.rmtree(place, ignore_errors=True)
        with private.alone():
            place.mkdir(parents=True)

    def finish(self, place: Path, types: Mapping[str, str], made_from: str = "") -> None:
        """Say that Spark wrote it whole. types: column -> DuckDB's type. made_from: as `made_from` gives it back."""
        (place / MADE).write_text(json.dumps({"types": dict(types), "from": made_from}), "utf-8")

    def types(self, place: Path) -> dict[str, str]:
        """Column -> DuckDB's type of what lies there."""
        found: dict[str, str] = self._made(place)["types"]
        return found

    def made_from(self, place: Path) -> str:
        """What every row there was made from, beside its own key."""
        return str(self._made(place)["from"])

    def _made(self, place: Path) -> Any:
        return json.loads((place / MADE).read_text("utf-8"))

    def show(self, name: str, place: Path) -> None:
        """Let the warehouse read it under its name."""
        self.con.execute(f"create or replace view {LAKE}.main.{identifier(name)} as {self.reading(place)}")
        with inside(self.con, self.schema):
            drop_other_kind(self.con, identifier(name), kind(self.con, name), "view")
            self.con.execute(f"create or replace view {identifier(name)} as from {LAKE}.main.{identifier(name)}")
        with private.alone():
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "_shown").write_text(str(place.relative_to(self.folder)), "utf-8")

    def reading(self, place: Path) -> str:
        """The query for what lies there."""
        types, there = self.types(place), any(place.glob("*.parquet"))
        casts = (
            f"{identifier(name) if there else 'null'}::{type_} as {identifier(name)}" for name, type_ in types.items()
        )
        rows = f"from read_parquet({literal(f'{place}/*.parquet')})" if there else "where false"
        return f"select {', '.join(casts)} {rows}"

    def shown(self, name: str) -> Path | None:
        """Where the relation lies that the warehouse reads, if there is one."""
        path = self.folder / name / "_shown"
        return self.folder / path.read_text("utf-8") if path.exists() else None

    def export(self, name: str, made_from: str) -> Path:
        """A relation of the warehouse as Parquet, for Spark to read."""
        place = self.place(name, made_from)
        if not (place / "_SUCCESS").exists():
            self.begin(place)
            self.copied(f"from {identifier(name)}", place)
            (place / "_SUCCESS").touch()
        return place

    def copied(self, query: str, folder: Path) -> Path:
        """The rows of a query in the warehouse as Parquet in a folder, which is made. Returns the folder."""
        with private.alone():
            folder.mkdir(exist_ok=True)
        self.con.execute(f"copy ({query}) to {literal(str(folder / 'part.parquet'))} (format parquet)")
        return folder

    def clear(self, names: Collection[str]) -> None:
        """Remove all but the versions of these that are shown, and all of what is none of them."""
        shown = {self.shown(name) for name in names}
        for path in filter(Path.is_dir, self.folder.iterdir()):
            if path.name not in names:
                (path / "_shown").unlink(missing_ok=True)
            for version in filter(Path.is_dir, path.iterdir()):
                if version not in shown:
                    shutil.rmtree(version)
            if not any(path.iterdir()):
                path.rmdir()
