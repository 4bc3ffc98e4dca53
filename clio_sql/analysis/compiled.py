"""The SQL of an analysis as statements in build order, formatted by sqlglot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp

from clio_sql.analysis.catalog import Relation

NEEDS = (
    "-- The functions clio_… must be registered there, and the tables source, input and build_info must exist.\n"
    "-- The relations are in the order in which they are built; the runner narrows incremental ones to new rows.\n"
)


def statements(relations: Iterable[Relation]) -> Iterator[str]:
    """One `create` statement per relation, in the order given, for DuckDB."""
    yield NEEDS
    for relation in relations:
        yield f"-- {relation.folder}/{relation.name}.sql: {relation.comment}\n{_statement(relation)}\n"


def _statement(relation: Relation) -> str:
    tree = sqlglot.parse_one(re.sub(r"\A(?:--.*\n)+", "", relation.sql), dialect="duckdb")  # header: above
    made = exp.Create(this=exp.to_table(relation.name), kind=relation.kind.upper(), replace=True, expression=tree)
    return f"{made.sql('duckdb', pretty=True)};"
