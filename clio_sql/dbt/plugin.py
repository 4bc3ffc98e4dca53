"""The dbt-duckdb plugin: our functions on dbt's connection, and the host's part of a run as three functions more.

`clio-sql export-dbt` writes a project that uses it; in any other, name it in the profile:

    plugins:
      - module: clio_sql.dbt
        alias: clio
        config: {provider: local}

config: fields of `clio_sql.runtime.Runtime`; `input`, a path as `clio-sql run` takes it; and whatever else
`clio_sql.sources.read` takes. What is not given comes from `CLIO_*` in the environment (`CLIO_INPUT` for the
input), then from the defaults.

    clio_dbt_begin(sql_hash)    reads the input into the host's tables; 'kept' where none is named and they are there
    clio_dbt_end()              lets what was published be the last build, which the next one goes on with
    clio_dbt_record()           before something is paid for: keeps a salted hash of each text that may be sent
    clio_dbt_check(relation)    raises SqlError where `settings` or `facets` break their contract

They are called by the hooks and tests of the exported project; each returns VARCHAR.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from clio_sql import builder, sources
from clio_sql.analysis import catalog, contracts
from clio_sql.builder import paid
from clio_sql.engine import Engine
from clio_sql.errors import ClioError, InputError
from clio_sql.errors.explained import explained
from clio_sql.register import engine_of, register
from clio_sql.runtime import Runtime
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import private

RUNTIME = {field.name: field.default for field in fields(Runtime)}
READING = tuple(
    name
    for name, parameter in inspect.signature(sources.read).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY and name not in ("schema", "limits", "in_order")
)
WRITTEN = "select path from duckdb_databases() where database_name = current_database() and path is not null"
_CALLABLES: list[Callable[..., object]] = []  # for the life of the process, as in `register`


class Plugin(BasePlugin):
    """Named in a profile, and made by dbt-duckdb once a process."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the configuration apart. Raises ClioError for a key that is not known."""
        of_duckdb = (self.creds.settings or {}) if self.creds else {}  # dbt-duckdb mixes them in
        given = {key: value for key, value in plugin_config.items() if key not in of_duckdb and value is not None}
        allowed = ("input", *READING, *RUNTIME)
        if unknown := sorted(set(given) - set(allowed)):
            raise ClioError(
                f"the plugin clio_sql.dbt: {', '.join(unknown)} is no key of its config; allowed: "
                f"{', '.join(allowed)}. Correct profiles.yml."
            )
        self.input = given.get("input") or os.environ.get("CLIO_INPUT") or None
        self.reading = {key: value for key, value in given.items() if key in READING}
        self.runtime = {key: _typed(key, value) for key, value in given.items() if key in RUNTIME}
        self._open = ExitStack()

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register everything on the connection whose cursors dbt works with."""
        register(conn, **self.runtime)
        private.mended(Path(file) for (file,) in conn.execute(WRITTEN).fetchall())
        with conn.cursor() as cursor:  # a row that was not the last one fetched keeps its connection busy
            engine = engine_of(cursor)
        assert engine is not None
        if engine.runtime.batch and engine.paid:
            raise ClioError("batch: Message Batches are for `clio-sql run` alone; dbt asks as it goes. Leave it out.")
        # An answer that the budget does not allow is an error here, as in a run: nothing is built on half of them.
        self._open.enter_context(engine.building())
        self._add(conn, "clio_dbt_begin", ["VARCHAR"], lambda sql_hash: self._begin(engine, sql_hash))
        self._add(conn, "clio_dbt_end", [], lambda: self._end(engine))
        self._add(conn, "clio_dbt_record", [], lambda: self._record(engine))
        self._add(conn, "clio_dbt_check", ["VARCHAR"], lambda relation: self._check(engine, relation))

    def _add(self, conn: duckdb.DuckDBPyConnection, name: str, parameters: list[str], body: Callable[..., str]) -> None:
        def told(*arguments: str) -> str:
            try:
                return body(*arguments)
            except duckdb.Error as error:  # its own words may quote a conversation, and dbt keeps a log
                raise explained(error, name) from None

        # DuckDB counts the parameters of the callable.
        told.__signature__ = inspect.signature(body)  # type: ignore[attr-defined]
        _CALLABLES.append(told)
        conn.create_function(name, told, parameters, "VARCHAR", side_effects=True)  # type: ignore[arg-type]

    def _begin(self, engine: Engine, sql_hash: str) -> str:
        if engine.paid:
            engine.paid.begin()
        with self._cursor(engine) as cursor:
            told = self._read(cursor)
            builder.describe_build(cursor, self.schema, engine, catalog.load(), sql_hash=sql_hash)
        return told

    def _end(self, engine: Engine) -> str:
        with self._cursor(engine) as cursor:
            builder.keep(cursor, catalog.load(), self.schema)
        return "kept"

    def _read(self, cursor: duckdb.DuckDBPyConnection) -> str:
        if self.input is None:
            self._require_host(cursor)
            return "kept"
        source = sources.read(cursor, self.input, schema=self.schema, **self.reading)
        builder.describe_input(cursor, self.schema, **source.described)
        return f"read {source.rows} rows"

    def _require_host(self, cursor: duckdb.DuckDBPyConnection) -> None:
        query = "select table_name from information_schema.tables where table_schema = ?"
        there = {name for (name,) in cursor.execute(query, [self.schema]).fetchall()}
        if missing := sorted(set(catalog.host_tables()) - there):
            raise InputError(
                f"no input was read yet ({', '.join(missing)} is missing in {self.schema}). Name one: "
                "`input:` of the plugin in profiles.yml, or CLIO_INPUT in the environment."
            )

    def _record(self, engine: Engine) -> str:
        if engine.paid is None:
            return "nothing is sent"
        with self._cursor(engine) as cursor:
            paid.record_inputs(cursor, engine.paid)
        return "recorded"

    def _check(self, engine: Engine, relation: str) -> str:
        with self._cursor(engine) as cursor:
            contracts.check(cursor, relation, engine.paid is not None)
            if relation == "settings" and cursor.execute("select mode, epsilon from settings").fetchone() != (
                "insight", None,
            ):  # fmt: skip
                raise ClioError("settings.sql: safety mode and noise are for clio-sql run alone. Set them back.")
        return "passed"

    @property
    def schema(self) -> str:
        """The schema of the target, which holds the host's tables and the relations."""
        return self.creds.schema if self.creds else "main"

    @contextmanager
    def _cursor(self, engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own, whose work is committed whatever becomes of dbt's transaction."""
        with engine.cursor() as cursor:
            cursor.execute(f"create schema if not exists {identifier(self.schema)}")
            cursor.execute(f"set schema = {literal(self.schema)}")
            yield cursor


def _typed(name: str, value: Any) -> Any:
    """What a profile gives as text, in the type of the field."""
    type_ = type(RUNTIME[name])
    if not isinstance(value, str) or type_ not in (int, float):
        return value
    try:
        return type_(value)
    except ValueError:
        raise ClioError(f"the plugin clio_sql.dbt: {name} is {value!r}; it must be a number.") from None
