"""Paid answers of a step: collected and bought before its SQL runs, so that the SQL only reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

import duckdb

from clio_sql.calls.replies import Step, require_budget
from clio_sql.engine import Engine
from clio_sql.providers import PaidProvider

ROWS = 10_000  # rows whose prompts are collected at a time; a prompt of 1,000 tokens is about 5 KB
TEXTS = {"transcripts": "transcript", "facet_values": "value"}  # relation -> its column with what goes into calls


def failures(engine: Engine) -> Counter[str]:
    """Calls of this run that failed so far, by status; a refusal counts as an answer."""
    return Counter(engine.paid.failures()) if engine.paid else Counter()


def fill(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    provider: PaidProvider,
    queries: Sequence[str],
    max_error_ratio: float | None,
    told: Callable[[int], None],
    whole: int = 0,
) -> None:
    """Ask whatever `queries` would ask, all at once and each prompt once; stored answers are free.

    The queries are parts of one step and are run with functions that record what they are asked instead of
    answering. told: called with how many more calls are answered. whole: calls of the step including those of
    earlier runs, of which `max_error_ratio` may fail. Raises ProviderError when the budget is used up or
    too many failed.
    """
    if engine.runtime.batch and len(queries) > 1:  # all batches run at once; their results are collected below
        for query in queries:
            for function, requests in _collected(con, engine, query).items():
                provider.send(function, requests)
    before: dict[str, Counter[str]] = {}
    for query in queries:
        for function, requests in _collected(con, engine, query).items():
            step = Step(whole, before.setdefault(function, Counter()), query is queries[-1])
            statuses = provider.fill(function, requests, max_error_ratio, told, step)
            require_budget(statuses.get("over_budget", 0), engine.runtime.max_usd, step.last)
            before[function] += statuses


def _collected(con: duckdb.DuckDBPyConnection, engine: Engine, query: str) -> dict[str, list[Any]]:
    """Function -> what a query would ask it."""
    with engine.collecting() as collected:
        con.execute(f"create or replace temp table clio_collected as {query}")
    con.execute("drop table temp.clio_collected")
    asked: dict[str, list[Any]] = {}
    for function, request in collected:
        asked.setdefault(function, []).append(request)
    return asked


def record_inputs(
    con: duckdb.DuckDBPyConnection, provider: PaidProvider, relations: Collection[str] = tuple(TEXTS)
) -> None:
    """Store a salted hash of each conversation text that may go into a call, beside those of the calls.

    relations: which of `TEXTS`.
    """
    provider.calls.store.input_hash("")  # creates the salt
    query = "select table_name from information_schema.tables where table_schema = current_schema()"
    there = {name for (name,) in con.execute(query).fetchall()}
    for relation, text in TEXTS.items():
        if relation in there and relation in relations:
            con.execute(
                "insert or ignore into clio_state.conversation_inputs "
                f"select distinct conversation_id, sha256(salt || {text}) from {relation}, clio_state.salt "
                f"where {text} is not null"
            )
