"""`clio-sql compile`: what is printed runs, and means the same as the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest
import test_relations
from conftest import here

import clio_sql
from clio_sql.analysis import binder, catalog, compiled

NAMES = [relation.name for relation in catalog.load()]
STATEMENTS = dict(zip(NAMES, list(compiled.statements(catalog.load()))[1:], strict=True))


def test_the_statements_run_in_the_order_printed():
    con = binder.connection()
    for name, statement in STATEMENTS.items():
        con.execute(statement)
        assert list(binder.shape(con, f"select * from {name}").items()) == list(binder._packaged_shapes()[name].items())
    con.close()


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


@pytest.mark.parametrize("path", test_relations.GOLDEN, ids=lambda path: path.stem)
def test_a_formatted_relation_gives_what_the_file_gives(con, path, monkeypatch):
    """The golden tables of each relation, by its formatted SQL."""
    name = path.stem.split("-")[0]
    query = STATEMENTS[name].split(" AS\n", 1)[1].rstrip().rstrip(";")
    monkeypatch.setitem(test_relations.RELATIONS, name, replace(test_relations.RELATIONS[name], sql=query))
    came, expected = test_relations.run_golden(test_relations.empty(con), path)
    assert came == expected


def test_the_command_prints_all_of_it():
    done = here("compile")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CREATE OR REPLACE") == len(STATEMENTS)
