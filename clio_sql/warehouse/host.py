"""The tables that a run makes itself and the SQL of an analysis reads: their columns and what a row is, said once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from clio_sql.sql_text.quoting import identifier

TABLES = {  # name -> what a row is; `last_<name>` of relations that are kept are told by the catalog of relations
    "source": "One row per conversation of the input, as it was read. Private.",
    "input": "One row: what was read.",
    "build_info": "One row: who builds, with what and when.",
    "secret": "One row: what margins are drawn from. Private.",
    "used_ids": "One row per cluster id that was ever given.",
    "text_vectors": "One row per relation and text that it compared: its vector, for the next build. Private.",
    "noise": "One row per published figure with noise, where settings have an epsilon.",
    "noise_budget": "One row: the epsilon that was spent so far.",
}
COLUMNS = {  # name -> columns with their types
    "source": {
        "conversation_id": "varchar", "user_id": "varchar", "created_at": "timestamp",
        "messages": "struct(role varchar, content varchar)[]", "metadata": "map(varchar, varchar)",
        "numbers": "map(varchar, double)", "parts": "bigint", "names_nobody": "boolean",
    },
    "input": {"format": "varchar", "privacy_unit": "varchar", "breakdowns": "varchar[]", "measures": "varchar[]"},
    "build_info": {
        "built_at": "timestamp", "made_by": "varchar", "provider": "varchar", "embedding_model": "varchar",
        "clio_sql_version": "varchar", "duckdb_version": "varchar", "sql_hash": "varchar", "refit": "boolean",
        "model": "varchar", "naming_model": "varchar", "base_url": "varchar", "embedding_folder": "varchar",
        "counted_users_replaced": "boolean", "precision": "varchar",
    },
    "secret": {"salt": "varchar"},
    "used_ids": {"facet": "varchar", "cluster_id": "varchar"},
    "text_vectors": {"relation": "varchar", "value_hash": "varchar", "made_by": "varchar", "embedding": "float[]"},
    "noise": {
        "relation": "varchar", "facet": "varchar", "cluster_id": "varchar", "breakdown": "varchar", "cell": "varchar",
        "conversations": "bigint", "users": "bigint",
    },
    "noise_budget": {"epsilon_spent": "double"},
}  # fmt: skip


LAST = "last_"  # before the name of a relation: as it was when it was last published
RENAMED = {"last_bases": "last_published_figures"}  # of an earlier version


def create(con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str] | None = None) -> None:
    """Make an empty table of the host in the current schema, if it is not there. columns: of one `last_<name>`."""
    listed = ", ".join(f"{identifier(column)} {type_}" for column, type_ in (columns or COLUMNS[name]).items())
    con.execute(f"create table if not exists {identifier(name)} ({listed})")


def write(con: duckdb.DuckDBPyConnection, schema: str, name: str, row: Mapping[str, Any]) -> None:
    """Put a table of one row in the place of what is there. Raises KeyError where a column is not given."""
    listed = ", ".join(f"?::{type_} as {column}" for column, type_ in COLUMNS[name].items())
    values = [row[column] for column in COLUMNS[name]]
    con.execute(f"create or replace table {identifier(schema)}.{identifier(name)} as select {listed}", values)


def kept_precision(con: duckdb.DuckDBPyConnection) -> str | None:
    """The precision of the vectors of the first analysis in the database, by schema; None if there is none yet."""
    schemas = con.execute(
        "select schema_name from duckdb_columns() where table_name = 'build_info' and column_name = 'precision' "
        "and database_name = current_database() order by schema_name"
    ).fetchall()
    for (schema,) in schemas:
        found = con.execute(f"select precision from {identifier(schema)}.build_info").fetchall()
        if found and found[0][0]:
            return str(found[0][0])
    return None


def widen(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    """Give a table that an earlier version wrote the columns of today, NULL."""
    for column, type_ in COLUMNS[name].items():
        con.execute(f"alter table {identifier(schema)}.{identifier(name)} add column if not exists {column} {type_}")
