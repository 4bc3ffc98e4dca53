"""`clio-sql compile`: what is printed runs, and means the same as the file."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlglot
import test_relations
from conftest import cli

import clio_sql
from clio_sql.analysis import binder, catalog, compiled
from clio_sql.errors import UsageError

NAMES = [relation.name for relation in catalog.load()]
STATEMENTS = dict(zip(NAMES, list(compiled.statements(catalog.load()))[1:], strict=True))


def test_the_statements_run_in_the_order_printed():
    con = binder.connection()
    for name, statement in STATEMENTS.items():
        con.execute(statement)
        assert list(binder.shape(con, f"select * from {name}").items()) == list(binder._packaged_shapes()[name].items())
    con.close()


@pytest.mark.parametrize("path", test_relations.GOLDEN, ids=lambda path: path.stem)
def test_a_formatted_relation_gives_what_the_file_gives(path, monkeypatch):
    """The golden tables of each relation, by its formatted SQL."""
    name = path.stem.split("-")[0]
    query = STATEMENTS[name].split(" AS\n", 1)[1].rstrip().rstrip(";")
    monkeypatch.setitem(test_relations.RELATIONS, name, replace(test_relations.RELATIONS[name], sql=query))
    con = clio_sql.connect()
    try:
        came, expected = test_relations.run_golden(test_relations.empty(con), path)
        assert came == expected
    finally:
        con.close()


def test_another_dialect_is_written_or_said_to_stay():
    written, kept = {}, {}
    for name, text in zip(STATEMENTS, list(compiled.statements(catalog.load(), "spark"))[1:], strict=True):
        body = text.split("\n", 1)[1].strip()
        (kept if body.startswith("-- not for spark") else written)[name] = body
    assert {"facets", "settings", "screened_transcripts", "embeddings", "assignments"} <= set(written)
    assert "with recursive" in kept["hierarchy"] and "lose its order" in kept["cluster_samples"]
    for body in written.values():
        assert len(sqlglot.parse(body, dialect="spark")) == 1


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("with recursive t as (select 1 as a union all select a + 1 from t) select a from t", "with recursive"),
        ("with t as materialized (select 1 as a) select a from t", "as materialized"),
        ("select list(facet order by facet) as a from facets", "lose its order"),
        ("select string_agg(facet, ',' order by facet) as a from facets", "lose its order"),
        ("select arg_max(facet, kind, 2) as a from facets", "arg_max of three"),
        ("select len(choices) as a from facets", "len(list)"),
        ("select choices[1:2] as a from facets", "a slice"),
        ("select [x for x in choices] as a from facets", "comprehension"),
        ("select map {'a': 1} as a", "a map or struct"),
        ("from facets union all by name from facets", "union by name"),
        ("select clio_fit([[1.0]], 1, seed := 1) as a", "named arguments"),
        ("select list_cosine_similarity([1.0], [1.0]) as a", "functions that only DuckDB has (list_cosine_similarity)"),
    ],
)
def test_what_does_not_transpile_is_told(sql, why):
    relation = catalog.parse("a", "models", f"-- One row.\n-- kind: table\n{sql}")
    text = list(compiled.statements([relation], "spark"))[1]
    assert why in text and "CREATE" not in text
    assert "CREATE OR REPLACE TABLE a AS" in list(compiled.statements([relation]))[1]


def test_an_unknown_dialect_is_refused():
    with pytest.raises(UsageError, match=r"--dialect 'sparc' is not known; allowed: .*duckdb.*spark"):
        list(compiled.statements([], "sparc"))


def test_the_command_prints_all_of_it():
    done = cli("compile")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CREATE OR REPLACE") == len(STATEMENTS)
    assert cli("compile", "--dialect", "sparc").returncode == 2
