"""What was built from what: `clio_state.relations`, and the hashes that decide whether there is work to do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import duckdb

from clio_sql.analysis.catalog import Relation
from clio_sql.register import FUNCTIONS
from clio_sql.sql_text.quoting import identifier
from clio_sql.udfs import Function
from clio_sql.warehouse.database import one
from clio_sql.warehouse.places import SCHEMA


@dataclass(frozen=True)
class Records:
    """The records of one schema; all schemas of a database share one state."""

    con: duckdb.DuckDBPyConnection
    schema: str = SCHEMA

    def key(self, name: str) -> str:
        """What a relation is called in the state."""
        return name if self.schema == SCHEMA else f"{self.schema}.{name}"

    def is_built(self, relation: Relation, fingerprint: str, complete: bool | None = True) -> bool:
        """True if it was built from exactly that fingerprint. complete: None accepts a partial one too."""
        row = self.con.execute(
            "select complete from clio_state.relations where relation = ? and fingerprint = ?",
            [self.key(relation.name), fingerprint],
        ).fetchone()
        return row is not None and complete in (None, row[0])

    def mark(
        self,
        name: str,
        fingerprint: str,
        content: str | None = None,
        complete: bool = True,
        made_by: str | None = None,
    ) -> None:
        """Record that a relation was built. content: the hash of its rows, if its readers go by them.

        made_by: a hash of everything that decides a row except the rows read, if single rows are taken over.
        """
        self.con.execute(
            "insert or replace into clio_state.relations by name "
            "select ? as relation, ? as fingerprint, ? as complete, now() as built_at, ? as content, ? as made_by",
            [self.key(name), fingerprint, complete, content, made_by],
        )

    def marked_content(self, name: str) -> str | None:
        """The recorded hash of the rows."""
        row = self.con.execute(
            "select content from clio_state.relations where relation = ?", [self.key(name)]
        ).fetchone()
        return row[0] if row else None

    def elsewhere(self, name: str, condition: str, value: str) -> list[tuple[str, str]]:
        """(key, table) of that relation in other schemas whose record meets `condition`, newest first."""
        rows = self.con.execute(
            f"""
            select relation, schema_name
            from clio_state.relations
            inner join duckdb_tables() on relation in (table_name, concat(schema_name, '.', table_name))
            where {condition} and table_name = $name and database_name = current_database()
                and schema_name = coalesce(nullif(regexp_extract(relation, '^(.*)[.]', 1), ''), '{SCHEMA}')
                and schema_name <> $schema
            order by built_at desc, relation""",
            {"value": value, "name": name, "schema": self.schema},
        ).fetchall()
        return [(key, f"{identifier(schema)}.{identifier(name)}") for key, schema in rows]

    def content(self, name: str) -> str:
        """A hash of the rows of a table, in any order."""
        # a sum, since of two equal rows nothing is left by xor
        query = f"select count(*), sum(md5_number_lower(cast(rows as varchar))) from {name} as rows"
        rows, content = one(self.con, query)
        return f"{rows} {content}"


@cache
def code(functions: frozenset[str]) -> str:
    """A hash of the files behind these functions (`Function.code`): if one changes, answers are rebuilt."""
    digest = hashlib.sha256()
    for file in sorted({file for each in FUNCTIONS if each.name in functions for file in made_of(each)}):
        digest.update(f"{file}\n".encode() + _within(file).read_bytes())
    return digest.hexdigest()[:16]


def made_of(function: Function) -> Iterator[str]:
    """The files that decide what a function answers, as paths below `clio_sql`."""
    name = function.name.removeprefix("clio_")
    for path in ("udfs/__init__.py", f"udfs/{name}.py", *function.code):
        yield from _files(path)
    if function.answered:
        yield from (file for file in _files("udfs/prompts") if re.fullmatch(rf".*/{name}(_\w+)?\.txt", file))


def _files(path: str) -> Iterator[str]:
    """The path itself, or the files in that folder."""
    found = _within(path)
    entries = sorted(entry.name for entry in found.iterdir()) if found.is_dir() else None
    yield from [path] if entries is None else (f"{path}/{name}" for name in entries if name.endswith((".py", ".txt")))


def _within(path: str) -> Traversable:
    """A file or folder of the package; the functions are in a package of their own."""
    folder, _, rest = path.partition("/")
    return files("clio_sql.udfs") / rest if folder == "udfs" else files("clio_sql") / path
