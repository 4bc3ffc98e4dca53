"""Runs the relations of an analysis in order: all as views, or as the tables and views they say they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol

import duckdb

from clio_sql import contracts, fill, noise, project
from clio_sql.engine import Engine
from clio_sql.errors import CheckError, ClioError, InputError
from clio_sql.project import Incremental, Relation
from clio_sql.quoting import identifier, literal
from clio_sql.register import engine_of, is_read_only, register

SCHEMA = "clio"
CHUNK = 2_048  # rows a committed part of an incremental relation: one batch of a function
WITHOUT_MODEL = "rules, an embedding model and word statistics; no language model"
FAILED = "('failed', 'truncated', 'malformed', 'over_budget')"  # statuses that the next run tries again


class Reporter(Protocol):
    """Is told how far a build is; see `clio_sql.progress`."""

    def begin(self, relation: str, rows: int | None) -> None:
        """A relation begins; rows: how many are to be answered, None where that is not known."""

    def advance(self, rows: int) -> None:
        """So many more rows are answered."""

    def end(self, rows: int, skipped: bool) -> None:
        """The relation is there, with so many rows; skipped: it was there already."""


class Quiet:
    """Reports nothing."""

    def begin(self, relation: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...
    def end(self, rows: int, skipped: bool) -> None: ...


@dataclass
class Builder:
    """One build of `relations`, in that order, in `schema` of the database behind `con`."""

    con: duckdb.DuckDBPyConnection
    relations: Sequence[Relation]
    schema: str = SCHEMA
    reporter: Reporter = field(default_factory=Quiet)
    held: frozenset[str] = frozenset()  # tables that stay as they are, whatever has become of their inputs
    _fingerprints: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = ready(self.con)
        self._answers = f"{self.engine.runtime.answers()} {_code()}"

    def all(self) -> None:
        """Build every relation in order. What is there already, from the same SQL and inputs, is left as it is."""
        with _inside(self.con, self.schema), self.engine.building():
            for name in project.HOST:
                self._fingerprints[name] = self._content(name)
            for relation in self.relations:
                self._build(relation)
                if relation.asks:  # the same SQL can get other answers: what failed or was refused is tried again
                    self._fingerprints[relation.name] += f" {self._content(relation.name)}"

    def _build(self, relation: Relation) -> None:
        fingerprint = self._fingerprint(relation)
        if relation.incremental is not None:
            self._refresh(relation, relation.incremental, fingerprint)
            return
        self._fingerprints[relation.name] = fingerprint
        again = relation.asks and self.engine.runtime.retry_failed
        if relation.name in self.held and _kind(self.con, relation.name) == "table":
            self._mark(relation.name, fingerprint)
        if self._is_built(relation, fingerprint) and not again:
            self.reporter.begin(relation.name, None)
            self.reporter.end(-1, skipped=True)
            return
        self.reporter.begin(relation.name, None)
        self._drop_other_kind(relation)
        if relation.kind == "view":
            self.con.execute(f"create or replace view {relation.name} as {relation.sql}")
            contracts.check(self.con, relation.name, fill.is_paid(self.engine))
            self._mark(relation.name, fingerprint)
            self.reporter.end(-1, skipped=False)
            return
        self._create(relation, fingerprint)
        self.reporter.end(self._count(relation.name), skipped=False)

    def _create(self, relation: Relation, fingerprint: str) -> None:
        """The table and its record, together or not at all."""
        # The hierarchy's prompts depend on its own answers: there each batch of calls is sent by itself.
        if relation.asks and not relation.recursive:
            self._fill(relation.name, [relation.sql], None)
        failed = self._failures()
        self.con.execute("begin")
        try:
            self.con.execute(f"create or replace table {relation.name} as {relation.sql}")
            self._mark(relation.name, fingerprint, complete=self._failures() == failed)
            self.con.execute("commit")
        except BaseException:
            _rollback(self.con)
            raise

    def _refresh(self, relation: Relation, by: Incremental, fingerprint: str) -> None:
        """Answer the keys that are new or changed in committed parts, and drop those that vanished."""
        if not self._is_built(relation, fingerprint, complete=None):
            self._start_anew(relation, fingerprint)
        if self.engine.runtime.retry_failed and "status" in relation.columns:
            self._ask_again(relation, by)
        self._find_work(relation, by)
        (todo,) = self.con.execute("select count(*) from temp.work").fetchone()
        (gone,) = self.con.execute("select count(*) from temp.gone").fetchone()
        self.reporter.begin(relation.name, todo)
        if gone:
            self._forget_keys(relation, by, "temp.gone")
        if relation.asks and todo:
            self._fill(
                relation.name,
                [relation.body({by.input: _narrowed(by, start, fill.ROWS)}) for start in range(0, todo, fill.ROWS)],
                todo,
            )
            self.reporter.begin(relation.name, todo)
        for start in range(0, todo, CHUNK):
            self._answer(relation, by, start)
            self.reporter.advance(min(CHUNK, todo - start))
        self._mark(relation.name, fingerprint)
        query = "select bit_xor(md5_number(concat(key, changed))) from clio_state.processed where relation = ?"
        content = self.con.execute(query, [self._key(relation.name)]).fetchone()[0]
        self._fingerprints[relation.name] = f"{fingerprint} {content}"
        self.reporter.end(self._count(relation.name), skipped=not todo and not gone)

    def _start_anew(self, relation: Relation, fingerprint: str) -> None:
        self._drop_other_kind(relation)
        self.con.execute("begin")
        empty = relation.body({relation.incremental.input: f"select * from {relation.incremental.input} limit 0"})
        self.con.execute(f"create or replace table {relation.name} as {empty}")
        self.con.execute("delete from clio_state.processed where relation = ?", [self._key(relation.name)])
        self._mark(relation.name, fingerprint, complete=False)
        self.con.execute("commit")

    def _find_work(self, relation: Relation, by: Incremental) -> None:
        """temp.work: place, key and changed of what is to be answered; temp.gone: keys that vanished."""
        self.con.execute(f"""
            create or replace temp table now as
            select
                {by.key} as key,
                md5(string_agg(coalesce({by.changed}, ''), chr(31) order by {by.changed})) as changed
            from {by.input} group by all""")
        self.con.execute(
            """
            create or replace temp table work as
            select row_number() over (order by md5(now.key)) - 1 as place, now.key, now.changed
            from temp.now as now
            left join clio_state.processed as done on done.relation = ? and done.key = now.key
            where done.changed is distinct from now.changed""",
            [self._key(relation.name)],
        )
        self.con.execute(
            """
            create or replace temp table gone as
            select key from clio_state.processed where relation = ? and key not in (select key from temp.now)""",
            [self._key(relation.name)],
        )

    def _answer(self, relation: Relation, by: Incremental, start: int) -> None:
        self.con.execute("begin")
        try:
            self._forget_keys(relation, by, f"({_part(start, CHUNK)})")
            self.con.execute(f"insert into {relation.name} {relation.body({by.input: _narrowed(by, start, CHUNK)})}")
            again = ""  # what failed is not done with: the next run tries it again
            if "status" in relation.columns:
                again = f"and key not in (select {by.key} from {relation.name} where status in {FAILED})"
            self.con.execute(
                "insert into clio_state.processed select ?, key, changed from temp.work "
                f"where place >= ? and place < ? {again}",
                [self._key(relation.name), start, start + CHUNK],
            )
            self.con.execute("commit")
        except BaseException:
            _rollback(self.con)
            raise

    def _ask_again(self, relation: Relation, by: Incremental) -> None:
        """Let what was refused be asked once more."""
        self.con.execute(
            "delete from clio_state.processed where relation = ? "
            f"and key in (select {by.key} from {relation.name} where status = 'refused')",
            [self._key(relation.name)],
        )

    def _fill(self, name: str, queries: Sequence[str], total: int | None) -> None:
        """Buy the answers of a step, where answers cost money. total: how many, as far as that is known."""
        if not fill.is_paid(self.engine) or not self.engine.runtime.pay:
            return
        fill.record_inputs(self.con, self.engine)
        ratio = self.con.execute("select max_error_ratio from settings").fetchone()
        self.reporter.begin(f"{name}: calls", total)
        # a run that only tries again what failed has not failed as a whole
        (whole,) = self.con.execute("select count(*) from temp.now").fetchone() if total else (0,)
        fill.fill(self.con, self.engine, queries, ratio[0] if ratio else None, self.reporter.advance, whole)
        self.reporter.end(-1, skipped=False)

    def _failures(self) -> int:
        """Calls of this run that failed so far."""
        return self.engine.provider.failures().total() if fill.is_paid(self.engine) else 0  # type: ignore[attr-defined]

    def _forget_keys(self, relation: Relation, by: Incremental, keys: str) -> None:
        self.con.execute(f"delete from {relation.name} where {by.key} in (select key from {keys})")
        self.con.execute(
            f"delete from clio_state.processed where relation = ? and key in (select key from {keys})",
            [self._key(relation.name)],
        )

    def _fingerprint(self, relation: Relation) -> str:
        """A hash of the SQL, of who answers, and of the inputs but the one that is gone through row by row."""
        parts = [relation.kind, relation.sql, self._answers if relation.calls_model else ""]
        for name in relation.inputs:
            if relation.incremental is None or name != relation.incremental.input:
                parts.append(f"{name} {self._fingerprints[name]}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _content(self, name: str) -> str:
        """What stands in a table of the host; `build_info` and noise change with builds and decide nothing."""
        if name in ("build_info", "noise", "noise_budget"):  # views alone read the last two
            return ""
        rows, content = self.con.execute(
            # a sum, since of two equal rows nothing is left by xor
            f"select count(*), sum(md5_number_lower(cast(rows as varchar))) from {name} as rows"
        ).fetchone()
        return f"{rows} {content}"

    def _is_built(self, relation: Relation, fingerprint: str, complete: bool | None = True) -> bool:
        row = self.con.execute(
            "select complete from clio_state.relations where relation = ? and fingerprint = ?",
            [self._key(relation.name), fingerprint],
        ).fetchone()
        return row is not None and complete in (None, row[0]) and _kind(self.con, relation.name) == relation.kind

    def _mark(self, name: str, fingerprint: str, complete: bool = True) -> None:
        self.con.execute(
            "insert or replace into clio_state.relations values (?, ?, ?, now())",
            [self._key(name), fingerprint, complete],
        )

    def _key(self, name: str) -> str:
        """What a relation is called in the state, which is one for all schemas."""
        return name if self.schema == SCHEMA else f"{self.schema}.{name}"

    def _drop_other_kind(self, relation: Relation) -> None:
        _drop_other_kind(self.con, relation.name, relation.kind)

    def _count(self, name: str) -> int:
        return self.con.execute(f"select count(*) from {name}").fetchone()[0]


def _part(start: int, rows: int) -> str:
    return f"select key from temp.work where place >= {start} and place < {start + rows}"


def _narrowed(by: Incremental, start: int, rows: int) -> str:
    """The rows of the input that one part of the work needs."""
    return f"select * from {by.input} where {by.key} in ({_part(start, rows)})"


@contextmanager
def _inside(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[None]:
    """Names without a schema are those of `schema`; afterwards as before."""
    before = con.execute("select current_schema()").fetchone()[0]
    con.execute(f"set schema = {literal(schema)}")
    try:
        yield
    finally:
        con.execute(f"set schema = {literal(before)}")


def _kind(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """'view' or 'table' of the current schema, None where there is none of that name."""
    row = con.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = current_schema() and table_name = ?",
        [name],
    ).fetchone()
    return None if row is None else "view" if row[0] == "VIEW" else "table"


def _drop_other_kind(con: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    """A view where a table is to be, or the other way round, would stand in the way."""
    there = _kind(con, name)
    if there not in (None, kind):
        con.execute(f"drop {there} {name}")


def _rollback(con: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.TransactionException):  # the error ended the transaction itself
        con.execute("rollback")


def ready(con: duckdb.DuckDBPyConnection) -> Engine:
    """The engine of `con`, registered if it is not yet."""
    if engine_of(con) is None:
        register(con)
    engine = engine_of(con)
    assert engine is not None
    return engine


def describe_input(
    con: duckdb.DuckDBPyConnection, schema: str, *, format: str, privacy_unit: str, breakdowns: Sequence[str] = ()
) -> None:
    """Write `input`: one row that says what came in, without a path or a name of anyone."""
    con.execute(
        f"create or replace table {identifier(schema)}.input as "
        "select ?::varchar as format, ?::varchar as privacy_unit, ?::varchar[] as breakdowns",
        [format, privacy_unit, list(breakdowns)],
    )


def _describe_build(con: duckdb.DuckDBPyConnection, schema: str, engine: Engine, relations: Sequence[Relation]) -> None:
    noise.prepare(con, schema)
    runtime = engine.runtime
    con.execute(
        f"create or replace table {identifier(schema)}.build_info as select "
        "?::timestamp as built_at, ?::varchar as made_by, ?::varchar as provider, ?::varchar as embedding_model, "
        "?::varchar as clio_sql_version, ?::varchar as duckdb_version, ?::varchar as sql_hash, "
        "?::varchar as model, ?::varchar as naming_model, ?::varchar as base_url",
        [
            datetime.now(UTC).replace(tzinfo=None),
            WITHOUT_MODEL if runtime.provider == "local" else f"{runtime.model} and {runtime.naming_model}",
            runtime.provider,
            runtime.embedding_model,
            version("clio-sql"),
            version("duckdb"),
            project.fingerprint(relations),
            runtime.model,
            runtime.naming_model,
            runtime.base_url,
        ],
    )


def install(
    con: duckdb.DuckDBPyConnection, conversations: str, schema: str = SCHEMA, *, breakdowns: Sequence[str] = ()
) -> None:
    """Create every relation as a view over your own table, so that `select * from clio.clusters` is the analysis.

    conversations: a table or view with conversation_id, user_id, created_at, messages (role, content)
    and, if you like, metadata (MAP). Meant for small tables: each query runs the whole chain.
    Raises InputError for a missing column.
    """
    _views(con, conversations, schema, breakdowns)
    relations = project.load()
    with _inside(con, schema):
        for relation in relations:
            _drop_other_kind(con, relation.name, "view")
            con.execute(f"create or replace view {relation.name} as {project.composed(relation, relations)}")


def build(
    con: duckdb.DuckDBPyConnection,
    conversations: str,
    schema: str = SCHEMA,
    *,
    breakdowns: Sequence[str] = (),
    reporter: Reporter | None = None,
) -> None:
    """Like `install`, with tables where the files say table: each model answer is computed once and kept."""
    _views(con, conversations, schema, breakdowns)
    run(con, schema, reporter)


def run(
    con: duckdb.DuckDBPyConnection,
    schema: str = SCHEMA,
    reporter: Reporter | None = None,
    relations: Sequence[Relation] | None = None,
    held: frozenset[str] = frozenset(),
) -> None:
    """Build all relations of `schema` from its `source` and `input`. Goes on where the last run was stopped.

    held: names of tables that are not built anew.
    """
    engine = ready(con)
    relations = relations or project.load()
    if fill.is_paid(engine):
        engine.provider.begin()  # type: ignore[attr-defined]
    _describe_build(con, schema, engine, relations)
    Builder(con, relations, schema, reporter or Quiet(), held).all()
    noise.draw(con, schema)


@cache
def _code() -> str:
    """A hash of the code behind the functions: answers of older code are not gone on with."""
    digest = hashlib.sha256()
    for package in ("clio_sql", "clio_sql.udfs"):
        for file in sorted(_files(files(package)), key=lambda file: file.name):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry)
        elif entry.name.endswith((".py", ".txt")):
            yield entry


def check(con: duckdb.DuckDBPyConnection, schema: str = SCHEMA) -> None:
    """Run every check; CheckError names those that found bad rows, and how many, never which."""
    with _inside(con, schema):
        found = {
            name: con.execute(f"select count(*) from ({sql}\n)").fetchone()[0] for name, sql in project.checks().items()
        }
    broken = [f"{name} ({rows} rows)" for name, rows in found.items() if rows]
    if broken:
        raise CheckError(f"nothing is published, since these checks found bad rows: {', '.join(broken)}.")


def _views(con: duckdb.DuckDBPyConnection, conversations: str, schema: str, breakdowns: Sequence[str]) -> None:
    """`source` as a view over the user's table, and `input` beside it."""
    if is_read_only(con):
        raise ClioError("this database is read-only; views and tables cannot be made in it. Open it for writing.")
    engine = ready(con)
    table = ".".join(identifier(part) for part in conversations.split("."))
    try:
        columns = {row[0].lower(): row[1] for row in con.execute(f"describe {table}").fetchall()}
    except duckdb.CatalogException:
        raise InputError(f"{conversations}: there is no such table here. Give schema.table.") from None
    wanted = ("conversation_id", "user_id", "created_at", "messages")
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise InputError(
            f"{conversations}: column {', '.join(missing)} is missing; the columns are {', '.join(columns)}. "
            "Make a view that selects these columns under these names, and give that."
        )
    metadata = "metadata" if "metadata" in columns else "map {}::map(varchar, varchar)"
    con.execute(f"create schema if not exists {identifier(schema)}")
    con.execute(
        f"create or replace view {identifier(schema)}.source as select conversation_id::varchar as conversation_id, "
        f"user_id::varchar as user_id, created_at::timestamp as created_at, "
        f"messages::struct(role varchar, content varchar)[] as messages, {metadata} as metadata from {table}"
    )
    describe_input(con, schema, format="table", privacy_unit="user", breakdowns=breakdowns)
    _describe_build(con, schema, engine, project.load())
