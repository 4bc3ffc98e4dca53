"""Starts a build: in a warehouse, or over a table of the user's, as tables or entirely as views."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import last
from clio_sql.builder.core import Builder, ready
from clio_sql.builder.reporting import Quiet, Reporter
from clio_sql.builder.table import take
from clio_sql.engine import Engine
from clio_sql.errors import CheckError, UsageError
from clio_sql.runtime import made_of
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import host, noise, state
from clio_sql.warehouse.database import inside, kinds, scalar, together
from clio_sql.warehouse.places import SCHEMA

FEW = 100  # conversations over which views alone answer within some ten seconds
WITHOUT_MODEL = "rules, an embedding model and word statistics; no language model"


def describe_build(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    engine: Engine,
    relations: Sequence[Relation],
    refit: bool = False,
    sql_hash: str | None = None,
) -> None:
    """Write `build_info`, one row that says who builds, with what and when, and make the last build readable.

    sql_hash: of the files, if they differ from those of `relations`.
    """
    runtime = engine.runtime
    is_folder = made_of(runtime.embedding_model) != runtime.embedding_model
    row = {
        "built_at": datetime.now(UTC).replace(tzinfo=None),
        "made_by": WITHOUT_MODEL if runtime.provider == "local" else f"{runtime.model} and {runtime.naming_model}",
        "provider": runtime.provider,
        "embedding_model": engine.vectors,
        "clio_sql_version": version("clio-sql"),
        "duckdb_version": version("duckdb"),
        "sql_hash": sql_hash or catalog.fingerprint(relations),
        "refit": refit,
        "model": runtime.model,
        "naming_model": runtime.naming_model,
        "base_url": runtime.base_url,
        "embedding_folder": str(Path(runtime.embedding_model).resolve()) if is_folder else None,
        "precision": engine.precision,
        "counted_users_replaced": _replaces(relations, "counted_users"),
    }
    host.write(con, schema, "build_info", row)
    host.widen(con, schema, "input")
    state.salted(con)
    con.execute(f"create or replace table {identifier(schema)}.secret as {state.MARGIN_SALT}")
    noise.prepare(con, schema)
    with inside(con, schema):
        last.prepare(con, relations)


def _replaces(relations: Sequence[Relation], name: str) -> bool:
    """Whether an analysis replaces that packaged relation."""
    own, packaged = ({each.code for each in those if each.name == name} for those in (relations, catalog.load()))
    return own != packaged


def install(
    con: duckdb.DuckDBPyConnection,
    conversations: str,
    schema: str = SCHEMA,
    *,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    relations: Sequence[str] | None = None,
) -> None:
    """Create the published relations as views over your own table, so that `from clio.clusters` is the analysis.

    conversations, breakdowns, measures, columns and schema: as `build` takes them. relations: names of the relations
    to create in their place, such as ['gated_clusters'] to look at a step. Meant to look at the SQL with a few rows:
    a view holds the SQL of all that it is made of, which DuckDB takes up to a second to bind, and each query runs the
    whole chain. With more than a hundred conversations a UserWarning says to use `build`. Other relations of an
    earlier `install` or `build` in the schema are dropped, since they would show other rows. Your connection is not
    locked.

    Raises what `build` does, and UsageError for an unknown relation.
    """
    known = catalog.load()
    made = _chosen(known, relations)
    schema = take(con, conversations, schema, breakdowns, measures, columns)
    rows = scalar(con, f"select count(*) from {identifier(schema)}.source")
    if rows > FEW:
        warnings.warn(
            f"{conversations} has {rows:,} conversations, and each query of these views runs the whole analysis again. "
            f"clio_sql.build(con, {conversations!r}) runs it once, into tables that answer within milliseconds.",
            stacklevel=2,
        )
    describe_build(con, schema, ready(con), known)
    with inside(con, schema), together(con):
        there = kinds(con)
        for relation in known:
            if kind := there.get(relation.name):
                con.execute(f"drop {kind} {relation.name}")
        for relation in made:
            con.execute(f"create view {relation.name} as {catalog.composed(relation, known)}")
    _comment(con, schema, made)


def _chosen(known: Sequence[Relation], names: Sequence[str] | None) -> list[Relation]:
    """The relations of those names, the published ones for None. Raises UsageError for a name that is none."""
    if isinstance(names, str):
        raise UsageError(f"relations must be a list of names, not the text {names!r}. Give [{names!r}].")
    if names is None:
        return [relation for relation in known if relation.published]
    there = {relation.name: relation for relation in known}
    if unknown := [name for name in names if name not in there]:
        near = difflib.get_close_matches(unknown[0], there, n=3) or ["clusters"]
        raise UsageError(
            f"relations: {unknown[0]!r} is not a relation of the analysis. Did you mean {' or '.join(near)}? "
            "`clio-sql models` lists them."
        )
    return [there[name] for name in dict.fromkeys(names)]


def build(
    con: duckdb.DuckDBPyConnection,
    conversations: str,
    schema: str = SCHEMA,
    *,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    reporter: Reporter | None = None,
    refit: bool = False,
) -> None:
    """Build the analysis of your own table, as the tables and views that its files declare: `from clio.clusters`.

    conversations: a table or view with conversation_id, user_id, created_at and messages, a list of (role, content).
    columns: which of its columns stand for these, if they have other names: {'user_id': 'account'}; with 'role'
    and 'content' a row is a message, with 'prompt' and 'response' an exchange. breakdowns: other columns, or names in a
    column metadata (MAP). measures: those of numbers, of which each cluster has mean and quantiles. schema: one
    of its own, never that of the table. reporter: by default a bar on a terminal and a line per slow step elsewhere, on
    standard error; `builder.Quiet()` shows nothing.

    Building again processes what changed, and keeps clusters, ids and names as far as they still hold. refit:
    fit the clusters again. Your connection is not locked, unlike that of a `run`.

    Raises InputError for a table that cannot be read, UsageError for a schema that cannot be used, and StateError
    if it has relations of yours, if a transaction is open, or after `use` of another database.
    """
    schema = take(con, conversations, schema, breakdowns, measures, columns)
    from clio_sql.builder.progress import Steps

    engine, shown = ready(con), reporter or Steps()
    engine.progress = shown.answered
    try:
        run(con, schema, shown, refit=refit)
    finally:
        engine.progress = None
        shown.stop()
    last.keep(con, catalog.load(), schema)


def run(
    con: duckdb.DuckDBPyConnection,
    schema: str = SCHEMA,
    reporter: Reporter | None = None,
    relations: Sequence[Relation] | None = None,
    refit: bool = False,
    made: Callable[..., Builder] = Builder,
) -> Builder:
    """Build all relations of `schema` from its `source` and `input`. Continues where the last run stopped.

    made: makes the Builder, from what it takes.

    The result starts from the last build that was kept (`last.keep`), which a publish does. Returns the Builder,
    which knows what changed.
    """
    engine = ready(con)
    relations = relations or catalog.load()
    if engine.paid:
        engine.paid.begin()
    describe_build(con, schema, engine, relations, refit)
    builder = made(con, relations, schema, reporter or Quiet(), refit)
    builder.all()
    if any(relation.name == "noise_bound" for relation in relations):
        noise.draw(con, schema)
    _comment(con, schema, relations)
    return builder


def check(con: duckdb.DuckDBPyConnection, schema: str = SCHEMA, drafted: bool = False) -> None:
    """Run every check; CheckError names those that found bad rows, and how many, never which.

    drafted: on the rows that are written to the database `drafted` to be published, unless they have noise.
    """
    with inside(con, schema), _evaluated(con, drafted):
        found = {name: scalar(con, f"select count(*) from ({sql}\n)") for name, sql in catalog.checks().items()}
    broken = [f"{name} ({rows} rows)" for name, rows in found.items() if rows]
    if broken:
        raise CheckError(f"nothing is published, since these checks found bad rows: {', '.join(broken)}.")


@contextmanager
def _evaluated(con: duckdb.DuckDBPyConnection, drafted: bool) -> Iterator[None]:
    """Within the block, each published view is a temporary one of its rows, so that it is evaluated once."""
    there = kinds(con)
    views = [each.name for each in catalog.load() if each.published and there.get(each.name) == "view"]
    drafted = drafted and scalar(con, "select epsilon from settings") is None
    kind, place = ("view", "drafted.main.") if drafted else ("table", "")
    try:
        for name in views:
            con.execute(f"create temporary {kind} {name} as from {place}{name}")
        yield
    finally:
        with suppress(duckdb.Error):  # in an aborted transaction, which takes them along
            for name in views:
                con.execute(f"drop {kind} if exists temp.main.{name}")


def _comment(con: duckdb.DuckDBPyConnection, schema: str, relations: Sequence[Relation]) -> None:
    """Comment each table and view with what one row is, unless the catalog says so already."""
    of = "where database_name = current_database() and schema_name = $schema"
    query = (
        f"select table_name, 'table', comment from duckdb_tables() {of} "
        f"union all select view_name, 'view', comment from duckdb_views() {of}"
    )
    comments = catalog.host_tables() | {relation.name: relation.comment for relation in relations}
    there = con.execute(query, {"schema": schema}).fetchall()
    with together(con):
        for name, kind, comment in there:
            if name in comments and comment != comments[name]:
                con.execute(f"comment on {kind} {identifier(schema)}.{identifier(name)} is {literal(comments[name])}")
