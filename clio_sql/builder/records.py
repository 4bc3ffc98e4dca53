"""What was built from what: `clio_state.relations`, and the hashes that decide whether work is to be done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import duckdb

from clio_sql.names import SCHEMA
from clio_sql.project import Relation
from clio_sql.quoting import identifier, literal

EMBEDS = ("embed.py", "embedding.py", "encoder.py")  # the files that decide a vector


@dataclass(frozen=True)
class Records:
    """The records of one schema; the state is one for all schemas of a database."""

    con: duckdb.DuckDBPyConnection
    schema: str = SCHEMA

    def key(self, name: str) -> str:
        """What a relation is called in the state."""
        return name if self.schema == SCHEMA else f"{self.schema}.{name}"

    def is_built(self, relation: Relation, fingerprint: str, complete: bool | None = True) -> bool:
        """True where it is there, of its kind, from that very fingerprint. complete: None takes a part as well."""
        row = self.con.execute(
            "select complete from clio_state.relations where relation = ? and fingerprint = ?",
            [self.key(relation.name), fingerprint],
        ).fetchone()
        return row is not None and complete in (None, row[0]) and kind(self.con, relation.name) == relation.kind

    def mark(
        self,
        name: str,
        fingerprint: str,
        content: str | None = None,
        complete: bool = True,
        made_by: str | None = None,
    ) -> None:
        """Note that a relation was built. content: the hash of its rows, where what reads it goes by them.

        made_by: what decides a row but the rows that are read, where single rows are taken over.
        """
        self.con.execute(
            "insert or replace into clio_state.relations by name "
            "select ? as relation, ? as fingerprint, ? as complete, now() as built_at, ? as content, ? as made_by",
            [self.key(name), fingerprint, complete, content, made_by],
        )

    def marked_content(self, name: str) -> str | None:
        """The hash of the rows, as it was noted."""
        row = self.con.execute(
            "select content from clio_state.relations where relation = ?", [self.key(name)]
        ).fetchone()
        return row[0] if row else None

    def elsewhere(self, name: str, condition: str, value: str) -> list[tuple[str, str]]:
        """(key, table) of that relation in other schemas whose record meets `condition`; the newest first."""
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
        rows, content = self.con.execute(
            # a sum, since of two equal rows nothing is left by xor
            f"select count(*), sum(md5_number_lower(cast(rows as varchar))) from {name} as rows"
        ).fetchone()
        return f"{rows} {content}"


@cache
def code(embeds: bool = False) -> str:
    """A hash of the code behind the functions: answers of older code are not gone on with.

    embeds: only of what makes vectors. They take most of a run, and are worth to be kept over other changes.
    """
    digest = hashlib.sha256()
    for package in ("clio_sql", "clio_sql.udfs"):
        for file in sorted(_files(files(package)), key=str):  # by path: many have one name
            if not embeds or file.name in EMBEDS:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry)
        elif entry.name.endswith((".py", ".txt")):
            yield entry


@contextmanager
def inside(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """Names without a schema are those of `schema`; afterwards as before."""
    (before,) = con.execute("select current_setting('search_path')").fetchone()
    con.execute(f"set schema = {literal(identifier(schema))}")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # in an aborted transaction; what aborted it is what to tell
            con.execute(f"set search_path = {literal(before)}")


@contextmanager
def together(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: all of it is there afterwards, or, on an error, nothing."""
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):  # the error ended the transaction itself
            con.execute("rollback")
        raise


def kind(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """'view' or 'table' of the current schema, None where there is none of that name."""
    row = con.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = current_schema() and table_name = ?",
        [name],
    ).fetchone()
    return None if row is None else "view" if row[0] == "VIEW" else "table"


def drop_other_kind(con: duckdb.DuckDBPyConnection, name: str, wanted: str) -> None:
    """A view where a table is to be, or the other way round, would stand in the way."""
    there = kind(con, name)
    if there not in (None, wanted):
        con.execute(f"drop {there} {name}")
