"""Paid answers of a step: collected and bought before its SQL runs, so that the SQL only reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import duckdb

from clio_sql.engine import Engine
from clio_sql.errors import ProviderError

ROWS = 10_000  # rows whose prompts are collected at a time; a prompt of 1,000 tokens is some 5 KB


def is_paid(engine: Engine) -> bool:
    """True where answers cost money and are kept in the call store."""
    return getattr(engine.provider, "paid", False)


def fill(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    queries: Iterable[str],
    max_error_ratio: float | None,
    told: Callable[[int], None],
) -> None:
    """Ask whatever `queries` would ask, all at once and each prompt once; what is stored costs nothing.

    The queries are run with functions that note what they are asked instead of answering. told: is given
    how many more calls are answered. Raises ProviderError when the budget is used up or too many failed.
    """
    for query in queries:
        with engine.collecting() as collected:
            con.execute(f"create or replace temp table collected as {query}")
        con.execute("drop table temp.collected")
        asked: dict[str, list[Any]] = {}
        for function, request in collected:
            asked.setdefault(function, []).append(request)
        for function, requests in asked.items():
            statuses = engine.provider.fill(function, requests, max_error_ratio, told)  # type: ignore[attr-defined]
            require_budget(statuses.get("over_budget", 0), engine.runtime.max_usd)


def record_inputs(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """Keep a salted hash of each text of a conversation that may go into a call, beside those of the calls."""
    engine.provider.calls.store.input_hash("")  # type: ignore[attr-defined]  # makes the salt
    texts = {"transcripts": "transcript", "facet_values": "value"}
    there = {name for (name,) in con.execute("select table_name from information_schema.tables").fetchall()}
    for relation, text in texts.items():
        if relation in there:
            con.execute(
                "insert or ignore into clio_state.conversation_inputs "
                f"select distinct conversation_id, sha256(salt || {text}) from {relation}, clio_state.salt "
                f"where {text} is not null"
            )


def require_budget(calls: int, max_usd: float) -> None:
    """Raise ProviderError where calls were left out for want of money."""
    if calls:
        raise ProviderError(
            f"the budget of ${max_usd:g} is used up; {calls:,} calls are still to be made. What was answered is "
            "stored. Run the same command again with a higher --max-usd to go on."
        )
