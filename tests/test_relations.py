"""Each relation alone: tables in, a table out, on real DuckDB.

A file of `golden/` holds the inputs of one relation and what comes of them, as CSV in sections; its name is
`relation[-case].csv`. `settings` gives only what differs from the packaged one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configure
from hypothesis import strategies as st

import clio_sql
from clio_sql import project
from clio_sql.project import Relation

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.csv"))
TYPES = {  # of the columns of inputs; all others are VARCHAR
    "messages": "struct(role varchar, content varchar)[]",
    "metadata": "map(varchar, varchar)",
    "created_at": "timestamp",
    "clustered": "boolean",
    "passes": "boolean",
    "stop": "boolean",
    "vague": "boolean",
    "telling": "boolean",
    "breakdowns": "varchar[]",
    "base_cluster_ids": "varchar[]",
    "conversations": "bigint",
    "users": "integer",
    "content_words": "integer",
    "level": "integer",
    "position": "integer",
    "score": "double",
    "runner_up_distance": "float",
    "x": "float",
    "y": "float",
}
Rows = Sequence[Mapping[str, Any]]
RELATIONS = {relation.name: relation for relation in project.load()}


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    con = clio_sql.connect()
    yield con
    con.close()


@pytest.fixture
def con(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """All functions, and an empty schema `clio` that is the current one."""
    return empty(shared)


def empty(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("set schema = 'main'; drop schema if exists clio cascade; create schema clio; set schema = 'clio'")
    return con


def table(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Rows) -> None:
    """An input: every value is given as text, or None, and cast to the type of its column."""
    typed = ", ".join(f"{column} {TYPES.get(column, 'varchar')}" for column in columns)
    con.execute(f"create or replace table {name} ({typed})")
    if rows:
        con.executemany(
            f"insert into {name} values ({', '.join('?' for _ in columns)})",
            [[row[column] for column in columns] for row in rows],
        )


def packaged(con: duckdb.DuckDBPyConnection, name: str, **changed: Any) -> None:
    """The packaged relation as a table, with these columns changed; None is NULL."""
    con.execute(f"create or replace table {name} as {RELATIONS[name].sql}")
    for column, value in changed.items():
        con.execute(f"update {name} set {column} = ?", [value])


def result(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str] | None = None) -> list[tuple]:
    """The rows of a relation, sorted; as text where columns are named."""
    wanted = "*" if columns is None else ", ".join(f'"{column}"::varchar' for column in columns)
    return con.execute(f"select {wanted} from (\n{RELATIONS[name].sql}\n) order by all").fetchall()


def sections(path: Path) -> dict[str, tuple[list[str], Rows]]:
    """Section -> (columns, rows); NULL stands for None."""
    found = {}
    for part in re.split(r"^# ", path.read_text("utf-8"), flags=re.M)[1:]:
        name, text = part.split("\n", 1)
        reader = csv.DictReader(text.splitlines(keepends=True))
        rows = [{key: None if value == "NULL" else value for key, value in row.items()} for row in reader]
        found[name] = (list(reader.fieldnames or ()), rows)
    return found


def run_golden(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[tuple], list[tuple]]:
    """(what came, what was expected), both sorted."""
    relation, given = RELATIONS[path.stem.split("-")[0]], sections(path)
    columns, rows = given.pop("expected")
    _, changed = given.pop("settings", ([], [{}]))
    packaged(con, "settings", **changed[0])
    for name, (names, values) in given.items():
        table(con, name, names, values)
    expected = sorted((tuple(row.values()) for row in rows), key=str)
    return sorted(result(con, relation.name, columns), key=str), expected


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(con, path):
    came, expected = run_golden(con, path)
    assert came == expected
