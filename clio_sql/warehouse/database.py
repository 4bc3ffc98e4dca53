"""What DuckDB lacks: a default schema for a block, transactions as blocks, views in place of tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from clio_sql.sql_text.quoting import identifier, literal


def one(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...]:
    """The first row of a query that always has one, such as an aggregate; LookupError where it has none."""
    row = con.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError("a query that always has a row has none")
    return row


def scalar(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> Any:
    """The first value of the row that `one` gives."""
    return one(con, query, parameters)[0]


@contextmanager
def inside(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """Within the block, names without a schema are in `schema`; afterwards as before."""
    before = scalar(con, "select current_setting('search_path')")
    con.execute(f"set schema = {literal(identifier(schema))}")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # in an aborted transaction; the error that aborted it is the one to report
            con.execute(f"set search_path = {literal(before)}")


@contextmanager
def together(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: all or, on an error, nothing."""
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):  # the error ended the transaction itself
            con.execute("rollback")
        raise


def is_in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """True even if an error aborted it. Outside a transaction each statement has its own number."""
    try:
        first, second = (con.execute("select txid_current()").fetchall() for _ in range(2))
    except duckdb.TransactionException:
        return True
    return first == second


def kinds(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Name -> 'view' or 'table', of all that there is in the current schema."""
    rows = con.execute(
        "select table_name, table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = current_schema()"
    ).fetchall()
    return {name: "view" if type_ == "VIEW" else "table" for name, type_ in rows}


def kind(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """'view' or 'table' of the current schema, None if there is none of that name. Of many names: `kinds`."""
    return kinds(con).get(name)


def drop_other_kind(con: duckdb.DuckDBPyConnection, name: str, there: str | None, wanted: str) -> None:
    """Drop a view where a table is to be created, or the other way round. there: its kind now."""
    if there not in (None, wanted):
        con.execute(f"drop {there} {name}")
