"""A table of a PostgreSQL database as an input: `postgresql://user@host/database::schema.table`.

Rows come as Arrow through ADBC, the extra `postgres`: DuckDB's own extension is a download for each of its versions.
It only reads, in one read-only transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from clio_sql.errors import InputError
from clio_sql.sql_text.quoting import identifier, literal

URL = re.compile(r"(?P<url>postgres(?:ql)?://[^/]*/(?P<database>[^:?]*)[^:]*)(?:::(?P<table>.*))?", re.DOTALL)
TYPES = {
    "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "float4": "FLOAT", "float8": "DOUBLE", "bool": "BOOLEAN",
    "text": "VARCHAR", "varchar": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
TIMES = ("date", "timestamp", "timestamptz")
COLUMNS = """
    select a.attname, t.typname, t.typtype, t.typcategory
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    where a.attnum > 0 and not a.attisdropped and n.nspname = {} and c.relname = {} order by a.attnum"""
TABLES = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm', 'f', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1, 2"""


def is_url(path: str) -> bool:
    return path.startswith(("postgres://", "postgresql://"))


def where(path: str) -> str:
    """How an error names it: only the database, since the rest may hold a password."""
    found = URL.fullmatch(path)
    return f"the PostgreSQL database {found['database']!r}" if found else "the PostgreSQL database"


class Table:
    """A table or view of an open connection. columns: name -> (expression to select, its type in DuckDB)."""

    def __init__(self, cursor: Any, path: str) -> None:
        self._cursor, self._where = cursor, where(path)
        schema, table = self._named(url["table"] or "" if (url := URL.fullmatch(path)) else "")
        self._from = f"{identifier(schema)}.{identifier(table)}"
        found = self._rows(COLUMNS.format(literal(schema), literal(table)))
        self._times = {name for name, type_, _, _ in found if type_ in TIMES}
        self.columns = {name: _read(name, *types) for name, *types in found}

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query)
        return self._cursor.fetchall()

    def _named(self, table: str) -> tuple[str, str]:
        tables = self._rows(TABLES)
        matching = [each for each in tables if table in ("", each[1], ".".join(each))]
        if len(matching) == 1:
            return matching[0]
        which = f"{table!r} is not one of its tables." if table else "which table?"
        there = ", ".join(map(".".join, tables[:60])) or "no table"
        raise InputError(f"{self._where}: {which} There is: {there}. Give it as postgresql://…::schema.table.")

    def copy(self, con: duckdb.DuckDBPyConnection, target: str, time: str | None, since: str, until: str) -> None:
        """Fill the table `target` of `con`; only rows whose column `time` is within the bounds, or NULL.

        since, until: timestamps in UTC as text, or ''. Bounds on a column that is not a time there are not sent.
        """
        listed = ", ".join(f"{expression} as {identifier(name)}" for name, (expression, _) in self.columns.items())
        kept = _within(time, since, until) if time is not None and time in self._times else ""
        self._cursor.execute(f"select {listed} from {self._from}{kept}")
        reader = self._cursor.fetch_record_batch()
        con.register("clio_postgres_rows", reader)
        try:
            con.execute(f"insert into {target} from clio_postgres_rows")
        finally:
            con.unregister("clio_postgres_rows")


def _within(time: str, since: str, until: str) -> str:
    """The where clause for rows whose time is within, or that have none; '' without bounds."""
    bounds = [
        f"{identifier(time)}::timestamptz {sign} {literal(value + '+00')}::timestamptz"
        for sign, value in ((">=", since), ("<", until))
        if value
    ]
    return f" where {identifier(time)} is null or ({' and '.join(bounds)})" if bounds else ""


def _read(name: str, type_: str, kind: str, category: str) -> tuple[str, str]:
    """How to select a column so that every type arrives, and its type in DuckDB."""
    column = identifier(name)
    if type_ in ("json", "jsonb"):
        return f"{column}::text", "JSON"
    if category == "A" or kind == "c":  # lists and rows
        return f"to_json({column})::text", "JSON"
    return (column, TYPES[type_]) if type_ in TYPES else (f"{column}::text", "VARCHAR")


@contextmanager
def opened(path: str) -> Iterator[Table]:
    """The table of a URL, in a read-only transaction. Raises InputError, without the URL in it."""
    found = URL.fullmatch(path)
    if found is None:
        raise InputError(
            "not a PostgreSQL URL that can be read. Allowed: postgresql://user@host/database::schema.table."
        )
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise InputError(
            f"{where(path)}: reading PostgreSQL needs the extra 'postgres': pip install 'clio-sql[postgres]'."
        ) from None
    try:
        with dbapi.connect(found["url"], autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            yield Table(cursor, path)
    except Error as error:  # its text may quote a row or the URL
        state = f", SQLSTATE {error.sqlstate}" if getattr(error, "sqlstate", None) else ""
        raise InputError(
            f"{where(path)}: it cannot be read ({type(error).__name__}{state}). Does the server answer, and may this "
            "user read the table? A password goes into PGPASSWORD or ~/.pgpass."
        ) from None
