"""Builds over a table of the user's: `source` is a view of it. Nothing is made before everything is checked.

The table is read by the SQL that reads a file of that shape, so a build and a run read alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import duckdb

from clio_sql.analysis import catalog
from clio_sql.errors import ClioError, InputError, StateError, UsageError
from clio_sql.errors.quotable import names
from clio_sql.register import is_read_only, register
from clio_sql.sources import adapters
from clio_sql.sources import measures as measured
from clio_sql.sources.adapters import Adapter, adapter, make_macros, raw
from clio_sql.sources.inputs import Input, nested
from clio_sql.sources.reader import choose
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import host, state
from clio_sql.warehouse.database import drop_other_kind, inside, is_in_transaction, kind, scalar, together

COLUMNS = ("conversation_id", "user_id", "created_at", "messages")
FIRST_OF_INPUT = ("format", "privacy_unit", "breakdowns")  # earlier versions had no others
RESERVED = ("main", "temp", "system", "information_schema", "pg_catalog", state.SCHEMA)


class Table(NamedTuple):
    """A table or view, spelled as in the catalog."""

    database: str
    schema: str
    name: str


def describe_input(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    *,
    format: str,
    privacy_unit: str,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
) -> None:
    """Write `input`: one row that says what was read, without any path or user name."""
    row = {"format": format, "privacy_unit": privacy_unit, "breakdowns": list(breakdowns), "measures": list(measures)}
    host.write(con, schema, "input", row)


def take(
    con: duckdb.DuckDBPyConnection,
    conversations: str,
    schema: str,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
) -> str:
    """Write `source`, a view of the user's table, and `input`. Returns the schema, spelled as in the catalog.

    measures, columns: as `build` takes them.

    Raises UsageError for an invalid schema, breakdowns or measures, InputError for a table that cannot be read, and
    StateError if the connection is unsuitable or something of the user's would be overwritten. Then nothing is made.
    """
    _require_fit(con)
    schema = _spelled(con, schema)
    table = _resolved(con, conversations)
    if (table.database, table.schema) == (_database(con), schema):
        raise UsageError(
            f"{conversations}: the build writes to the schema {schema!r}, and would overwrite or read its own "
            "input. Give another schema=, or move the table to another schema."
        )
    _require_ours(con, schema)
    make_macros(con)
    query = _query(con, table, conversations, breakdowns, measures, dict(columns or {}))
    with inside(con, "main"):  # there the macros can be used from every schema
        register(con)
        make_macros(con, temp=False)
    con.execute(f"create schema if not exists {identifier(schema)}")
    with inside(con, schema), together(con):
        drop_other_kind(con, "source", kind(con, "source"), "view")
        con.execute(f"create or replace view source as {query}")
        describe_input(con, schema, format="table", privacy_unit="user", breakdowns=breakdowns, measures=measures)
    return schema


def _database(con: duckdb.DuckDBPyConnection) -> str:
    return str(scalar(con, "select current_database()"))


def _require_fit(con: duckdb.DuckDBPyConnection) -> None:
    """Raise if the connection is in a transaction, is read-only, or uses a database other than its own."""
    if is_in_transaction(con):
        raise StateError(
            "a transaction is open on this connection, and a build runs its own. Commit it or roll it back first."
        )
    if is_read_only(con):
        raise ClioError("this database is read-only; views and tables cannot be made in it. Open it for writing.")
    if state.attached(con) is not None:
        raise StateError(
            "a build writes its state and its tables together, and the state of this database is in a file of its own. "
            "Open it without state=."
        )
    with con.cursor() as cursor:  # where the functions keep their state
        own = _database(cursor)
    if own != _database(con):
        raise StateError(
            f"this connection uses {_database(con)!r}, but was opened on {own!r}, and can build only there. "
            f"Run `use {identifier(own)}.main`, and give the table as database.schema.table."
        )


def _spelled(con: duckdb.DuckDBPyConnection, schema: str) -> str:
    """The schema, spelled as in the catalog if it exists. Raises UsageError if it cannot be one of ours."""
    databases = [name for (name,) in con.execute("select database_name from duckdb_databases()").fetchall()]
    taken = dict.fromkeys((*RESERVED, *databases))
    if not schema or schema.lower() in {name.lower() for name in taken}:
        raise UsageError(
            f"schema {schema!r} cannot be used: tables there would be replaced, or its name is ambiguous. Use one "
            f"of its own, for example 'clio' or 'clio_product'; not {', '.join(taken)}."
        )
    found = con.execute(
        "select schema_name from duckdb_schemas() "
        "where database_name = current_database() and lower(schema_name) = lower(?)",
        [schema],
    ).fetchone()
    return found[0] if found else schema


def _resolved(con: duckdb.DuckDBPyConnection, conversations: str) -> Table:
    """The table of that name: table, schema.table, database.table or database.schema.table. Raises InputError."""
    *place, name = conversations.split(".")
    here = _database(con)
    if len(place) == 2:
        places = [tuple(place)]
    elif len(place) == 1:
        places = [(here, place[0]), (place[0], "main")]
    else:
        path = scalar(con, "select current_schemas(false)")
        places = [("temp", "main"), *((here, schema) for schema in (*path, "main"))] if not place else []
    query = """
        select database_name, schema_name, table_name from (
            select database_name, schema_name, table_name from duckdb_tables()
            union all select database_name, schema_name, view_name from duckdb_views()
        ) where lower(database_name) = lower(?) and lower(schema_name) = lower(?) and lower(table_name) = lower(?)"""
    for database, schema in places:
        if found := con.execute(query, [database, schema, name]).fetchone():
            return Table(*found)
    raise InputError(f"{conversations}: there is no such table here. Give schema.table.")


def _require_ours(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Raise StateError if a schema without an analysis has relations that a build would replace."""
    rows = con.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? group by table_name order by table_name",
        [schema],
    ).fetchall()
    columns = {name.lower(): tuple(found) for name, found in rows}
    ours = {*catalog.host_tables(), *(relation.name for relation in catalog.load())}
    if tuple(columns.get("input", ()))[:3] != FIRST_OF_INPUT and (taken := [name for name in columns if name in ours]):
        raise StateError(
            f"schema {schema!r} has {names(taken)}, which clio-sql did not make and would replace. Give another "
            "schema=, one that does not exist yet or that clio-sql built before."
        )


def _query(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    where: str,
    breakdowns: Sequence[str],
    measures: Sequence[str],
    mapped: Mapping[str, str],
) -> str:
    """The query that reads the table in the shape of `source`. Raises InputError; UsageError for names in no list."""
    for name, given_names in (("breakdowns", breakdowns), ("measures", measures)):
        if isinstance(given_names, str):
            raise UsageError(f"{name} must be a list of names, not the text {given_names!r}. Give [{given_names!r}].")
    relation = ".".join(map(identifier, table if table.database != _database(con) else table[1:]))
    columns = con.execute(f"select column_name, column_type from (describe from {relation})").fetchall()

    def any_(condition: str, rows: int | None) -> bool:
        some = f"(from {relation}" + (f" limit {rows})" if rows else ")")
        return con.execute(f"select 1 from {some} where {condition} limit 1").fetchone() is not None

    given = Input(where, relation, {name: str(type_) for name, type_ in columns}, any=any_)
    shape = _shape(given, mapped)
    rows = raw(given, shape, mapped)
    conversations_of = f"(with raw as ({rows})\nselect * from (\n{shape.sql}\n))"
    if breakdowns:
        _require_breakdowns(con, given, conversations_of, breakdowns)
    measured.require(con, conversations_of, given.where, measures, breakdowns)
    return f"select * exclude (ids, position) from (\n{adapters.read(rows, shape)}\n)"


def _shape(given: Input, mapped: Mapping[str, str]) -> Adapter:
    """The adapter that reads the table: that of a row per conversation, or the one that the mapped columns are for."""
    if unknown := [name for name in mapped if name not in adapters.MAPPABLE]:
        raise UsageError(f"columns: {unknown[0]!r} cannot be mapped. Allowed: {', '.join(adapters.MAPPABLE)}.")
    if gone := [name for name in mapped.values() if not given.place(name)]:
        raise InputError(f"{given.where}: column {gone[0]!r} does not exist. There is: {names(given.types)}.")
    of_messages = {"role", "content", "prompt", "response"} & mapped.keys()
    shape = choose(given, mapped, None) if of_messages else adapter("canonical")
    items = {item.name: item.find(given, mapped) for item in (*shape.needs, *shape.optional)}
    wanted = [column for column in COLUMNS if column != "messages" or not of_messages]
    if missing := [column for column in wanted if items.get(column) is None]:
        raise InputError(
            f"{given.where}: column {', '.join(missing)} is missing; the columns are {names(given.types)}. "
            f"Say which stand for them, such as columns={{'{missing[0]}': 'NAME'}}, or make a view that has them."
        )
    return shape


def _require_breakdowns(con: duckdb.DuckDBPyConnection, given: Input, query: str, breakdowns: Sequence[str]) -> None:
    keys = con.execute(f"select distinct unnest(map_keys(metadata)) as key from {query} order by key").fetchall()
    plain = [name for name, type_ in given.types.items() if name.lower() not in COLUMNS and not nested(type_)]
    there = dict.fromkeys([*plain, *(key for (key,) in keys)])
    if unknown := [name for name in breakdowns if name not in there]:
        raise InputError(
            f"{given.where}: breakdown: {unknown[0]!r} does not exist. There is: {names(there) or 'nothing'}. "
            "Choose one of them."
        )
