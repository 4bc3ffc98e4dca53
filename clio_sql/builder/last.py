"""The last build that was published, which the next one starts from: `last_<relation>` and `used_ids`.

A build reads them and never writes them; they are written in one transaction once its file is published. So a
run that is killed leaves them as they were, and the next run comes to the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from clio_sql.analysis.catalog import Relation, host_tables, kept
from clio_sql.builder.records import Records
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import host
from clio_sql.warehouse.database import drop_other_kind, inside, kind, kinds, together
from clio_sql.warehouse.places import SCHEMA


def prepare(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation]) -> None:
    """Make what the last build left fit to be read by `relations` in the current schema: empty where there is none.

    Columns that an older version did not write are NULL, and tables that it called otherwise get their name of today.
    """
    for name in ("used_ids", "text_vectors"):
        host.create(con, name)
    there = kinds(con)
    for old, new in host.RENAMED.items():
        if there.get(old) == "table" and new not in there:
            con.execute(f"alter table {old} rename to {new}")
    for relation in relations:
        if relation.name in kept():
            _prepare(con, f"{host.LAST}{relation.name}", relation.types)


def _prepare(con: duckdb.DuckDBPyConnection, name: str, types: dict[str, str]) -> None:
    query = (
        "select column_name from information_schema.columns "
        "where table_schema = current_schema() and table_catalog = current_database() and table_name = ?"
    )
    there = [column for (column,) in con.execute(query, [name]).fetchall()]
    if set(there) == set(types):
        return
    columns = ", ".join(f"{identifier(column)} {type_}" for column, type_ in types.items())
    common = ", ".join(identifier(column) for column in types if column in there)
    with together(con):
        con.execute(f"create temp table older as {f'select {common} from {name}' if common else 'select 1 as one'}")
        drop_other_kind(con, name, kind(con, name), "table")
        con.execute(f"create or replace table {name} ({columns})")
        if common:
            con.execute(f"insert into {name} by name from temp.older")
        con.execute("drop table temp.older")


def settle(
    con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], built_at: datetime | None, schema: str = SCHEMA
) -> bool:
    """Keep what a run published that was killed before it could keep it. Called before anything is built.

    built_at: of the published file, None where it is no file that a run wrote. It is of the last build where both say
    the same time; what was built then is still there. Else the next build would compare itself with an older one than
    readers have in hand. Returns whether it was kept.
    """
    tables = "from duckdb_tables() where database_name = current_database() and schema_name = ?"
    there = {name for (name,) in con.execute(f"select table_name {tables}", [schema]).fetchall()}
    if not there >= {
        "build_info",
        "published_figures",
    }:  # also where another built the file, as dbt does: there is no such schema
        return False
    built = con.execute(f"select built_at from {identifier(schema)}.build_info").fetchall()
    if [(built_at,)] != built:
        return False
    keep(con, relations, schema)
    return True


def _is_whole(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    row = con.execute(
        "select complete from clio_state.relations where relation = ?", [Records(con, schema).key(name)]
    ).fetchone()
    return row is None or bool(row[0])


def keep(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], schema: str = SCHEMA) -> None:
    """Let what is built now be the last build, whole or not at all. Doing it twice changes nothing."""
    with inside(con, schema), together(con):
        found = kinds(con)
        there = {relation.name for relation in relations if relation.kind == "table" and relation.name in found}
        if not _is_whole(con, schema, "hierarchy"):  # a call for it failed: the next build tries again
            there -= {"trees", "hierarchy", "layout"}
        for name in kept():
            if name in there:
                last = f"{host.LAST}{name}"
                con.execute(f"create or replace table {last} as from {name}")
                con.execute(f"comment on table {last} is {literal(host_tables()[last])}")
        for name in ("cluster_ids", "hierarchy"):
            if name in there:
                con.execute(
                    f"insert into used_ids select distinct facet, cluster_id from {name} "
                    "except select facet, cluster_id from used_ids"
                )
