"""Inputs of a relation that a test need not say, made from what the catalog knows of them.

So that a relation that reads one more table, or a column more, breaks no test of what it did before.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from clio_sql.analysis import catalog
from clio_sql.warehouse import host
from clio_sql.warehouse.database import kinds

RELATIONS = {relation.name: relation for relation in catalog.load()}
ONE_ROW = {"build_info": {"provider": "'local'", "refit": "false"}, "secret": {"salt": "'salt'"}, "input": {}}


def fill(con: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> None:
    """Make each of these relations that is not there: of one row as packaged, others without rows.

    A table that is there gets the columns that it lacks, all NULL.
    """
    there = kinds(con)
    for name in sorted(relations):
        if name not in there:
            con.execute(f"create table {name} as {_sql(con, name)}")
            there = kinds(con)
        elif there[name] == "table":
            _widen(con, name)


def _sql(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """The SQL of an input that is not there."""
    if name in ONE_ROW:
        values = dict.fromkeys(types(name), "null") | ONE_ROW[name]
        return f"select {', '.join(f'{values[column]}::{type_} as {column}' for column, type_ in types(name).items())}"
    relation = RELATIONS.get(name)
    if relation is not None and (not relation.inputs or relation.grain == "one row"):
        fill(con, relation.inputs)
        return relation.sql
    return f"select {', '.join(f'null::{type_} as {column}' for column, type_ in types(name).items())} where false"


def _widen(con: duckdb.DuckDBPyConnection, name: str) -> None:
    given = {column for column, *_ in con.execute(f"describe {name}").fetchall()}
    for column, type_ in types(name).items():
        if column not in given:
            con.execute(f"alter table {name} add column {column} {type_}")


def types(name: str) -> dict[str, str]:
    """Column -> type, of a relation or of a table of the host; none for another name."""
    if name in host.COLUMNS:
        return host.COLUMNS[name]
    relation = RELATIONS.get(name.removeprefix(host.LAST))
    if relation is None:
        return {}
    return {column: relation.types.get(column, "float[]") for column in relation.columns}  # a vector has none
