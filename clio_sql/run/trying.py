"""Tries a facet on a few conversations: how many get an answer, which answers there are, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql import builder, sources
from clio_sql.analysis import check
from clio_sql.analysis.catalog import Relation, own
from clio_sql.builder import Reporter, paid
from clio_sql.calls.store import now
from clio_sql.engine import Engine
from clio_sql.errors import UsageError
from clio_sql.errors.explained import explained
from clio_sql.errors.quotable import quoted
from clio_sql.providers import require
from clio_sql.register import connect, engine_of
from clio_sql.run import stored
from clio_sql.run.early import facets, limits
from clio_sql.run.interrupt import interruptible
from clio_sql.run.plan import before_extraction
from clio_sql.runtime import runtime as wanted
from clio_sql.sources import inputs
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock, private
from clio_sql.warehouse.database import one

BY_RULE = {"text": ("request", "task"), "score": ("concern",)}  # kind -> facets that the local provider can answer
RULES = {
    "text": "takes the sentence that asks, whatever the question is",
    "score": "rates concern, whatever the question is",
}
SHOWN = 10  # answers to look at
COST = """
    select
        count(*), coalesce(sum(tokens_in + cache_write_tokens + cache_read_tokens), 0), coalesce(sum(tokens_out), 0),
        coalesce(sum(cost_usd), 0)
    from clio_state.calls where called_at >= ?"""


class Answer(NamedTuple):
    """One answer to a facet. value: None where there is none; said: the beginning of what its user wrote. Private."""

    conversation_id: str
    value: str | None
    status: str
    said: str


class Tried(NamedTuple):
    """What came of trying a facet. answers: (value, conversations, is it one of the choices), the commonest first.

    missing: (status, conversations) of those without an answer. shown: a few answers to look at, private. calls, tokens
    and dollars are those of this try; without a paid provider all are 0. kept: calls that are now in the warehouse.
    """

    facet: str
    kind: str
    provider: str
    conversations: int
    answered: int
    answers: list[tuple[str, int, bool]]
    missing: list[tuple[str, int]]
    shown: list[Answer]
    calls: int
    tokens_in: int
    tokens_out: int
    usd: float
    kept: int


def try_facet(
    facet: str,
    input: str,
    reporter: Reporter,
    into: Path | None = None,
    *,
    conversations: int = 30,
    analysis: Path | None = None,
    runtime: Mapping[str, Any] | None = None,
    **reading: Any,
) -> Tried:
    """Ask a facet of an analysis of so many conversations, the first by a hash of id and seed. All is done in memory.

    into: the folder of an earlier run: answers stored there cost nothing, and what is paid for is stored there, if the
    run holds the conversation. reading: as `sources.read` takes it.

    Raises UsageError for a facet that is not there, is placed in a taxonomy, or cannot be answered by the provider;
    any other ClioError as a run does.
    """
    inputs.found(input)
    relations = check.checked(analysis)
    answering = wanted(**(runtime or {}))
    if (known := facets(relations)) is not None:
        _require_askable(facet, known, answering.provider != "local")  # before the input is read
    require(answering)
    with private.alone(), closing(connect(**(runtime or {}))) as con:
        engine = engine_of(con)
        assert engine is not None
        engine.progress = reporter.answered
        if engine.paid is not None:
            stored.require_writable(into)
        stored.copy(con, into)

        def work() -> Tried:
            _read(con, input, relations, reporter, reading)
            _prepare(con, engine, relations, facet, conversations)
            return _asked(con, engine, reporter, into)

        try:
            return interruptible(con, engine, reporter, work)
        except duckdb.Error as error:
            raise explained(error, reporter.relation, own(relations)) from error
        finally:
            reporter.stop()
            engine.close()


def _read(
    con: duckdb.DuckDBPyConnection,
    input: str,
    relations: Sequence[Relation],
    reporter: Reporter,
    reading: Mapping[str, Any],
) -> None:
    """Read the input, and lock the database."""
    reporter.begin("source", None)
    source = sources.read(con, input, limits=limits(relations), **reading)
    builder.describe_input(con, builder.SCHEMA, **source.described)
    reporter.end(source.rows, skipped=False)
    lock.lock(con)


def _prepare(
    con: duckdb.DuckDBPyConnection, engine: Engine, relations: Sequence[Relation], facet: str, conversations: int
) -> None:
    """Build what a question needs, and choose whom to ask: the table `asked`."""
    needed = before_extraction(list(relations))
    builder.Builder(con, needed).all()
    con.execute(f"set schema = {literal(builder.SCHEMA)}")
    rows = con.execute("select facet, kind, question from facets order by facet").fetchall()
    _require_askable(facet, {name: (kind, question) for name, kind, question in rows}, engine.paid is not None)
    con.execute("create temp table wanted as select ? as facet, ? as conversations", [facet, conversations])
    con.execute(f"create temp table asked as {_sql('asked')}")


def _require_askable(facet: str, there: Mapping[str, tuple[str, str]], is_paid: bool) -> None:
    if facet not in there:
        raise UsageError(
            f"FACET {quoted(facet)}: facets.sql has no such facet; there is: {', '.join(map(quoted, there))}. "
            "Give one of them, or the folder that has it with --analysis."
        )
    kind, question = there[facet]
    if kind == "taxonomy":
        raise UsageError(
            f"FACET {quoted(facet)}: is placed in a taxonomy, and nothing is asked for it. "
            f"Try {quoted(question)}, whose answers are placed."
        )
    if not is_paid and kind in BY_RULE and facet not in BY_RULE[kind]:
        raise UsageError(
            f"FACET {quoted(facet)}: is a question of its own, which the local provider cannot answer: it "
            f"{RULES[kind]}. Try it with --provider anthropic or openai."
        )


def _asked(con: duckdb.DuckDBPyConnection, engine: Engine, reporter: Reporter, into: Path | None) -> Tried:
    """Ask, keep what was paid for even where that fails, and sum up."""
    since, kept = now(), 0
    try:
        (rows,) = one(con, "select count(*) from asked")
        reporter.begin("answers", rows)
        query = _sql("answered")
        with engine.building():
            if engine.paid is not None:
                (ratio,) = one(con, "select max_error_ratio from settings")
                paid.fill(con, engine, engine.paid, [query], ratio, reporter.advance)
            con.execute(f"create temp table answered as {query}")
        reporter.end(rows, skipped=False)
    finally:
        kept = stored.keep(con, into, since)
    return _summed_up(con, engine, since, kept)


def _summed_up(con: duckdb.DuckDBPyConnection, engine: Engine, since: object, kept: int) -> Tried:
    facet, kind = one(con, "select facet, kind from wanted inner join facets using (facet)")
    conversations, answered = one(con, "select count(*), count(value) from answered")
    answers = con.execute(_sql("answers")).fetchall()
    query = "select status, count(*) from answered where value is null group by status order by count(*) desc, status"
    missing = con.execute(query).fetchall()
    shown = [Answer(*row) for row in con.execute(_sql("shown"), [SHOWN]).fetchall()]
    calls, tokens_in, tokens_out, usd = one(con, COST, [since])
    return Tried(
        facet, kind, engine.runtime.provider, conversations, answered, answers, missing, shown, calls, tokens_in,
        tokens_out, usd, kept,
    )  # fmt: skip


def _sql(step: str) -> str:
    return files("clio_sql.sql").joinpath("trying", f"{step}.sql").read_text("utf-8")


def as_json(tried: Tried) -> str:
    """The figures as JSON. Of the answers only those that are a choice: others may hold what users wrote."""
    given = tried._asdict()
    del given["shown"]
    given["answers"] = [
        {"answer": value, "conversations": count} for value, count, is_choice in tried.answers if is_choice
    ]
    given["missing"] = [{"status": status, "conversations": count} for status, count in tried.missing]
    given["different_answers"] = len(tried.answers)
    return json.dumps(given, ensure_ascii=False)
