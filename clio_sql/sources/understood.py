"""How an input was understood: one line, and the first conversation as it would be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb

from clio_sql import sources
from clio_sql.errors.explained import explained
from clio_sql.errors.printable import LONGEST, printable
from clio_sql.sources import inputs

CALLED = {"user_id": "user", "created_at": "time", "conversation_id": "id"}
FIRST = """
    select conversation_id, user_id, created_at, messages from clio.source
    order by len(list_filter(messages, lambda message: trim(message.content) <> '')) = 0, position
    limit 1
"""


def line(source: sources.Source) -> str:
    """Format, rows, conversations, users, span of time, and which columns are user, time and id."""
    whose = f" of {_many(source.users, 'user')}" if source.privacy_unit == "user" else ", each counted as a user"
    span = f", {source.first:%Y-%m-%d} to {source.last:%Y-%m-%d}" if source.first and source.last else ""
    silent = f", {source.silent:,} without any text" if source.silent else ""
    columns = ", ".join(f"{CALLED[name]}: {column or _elsewhere(source, name)}" for name, column in source.read_from)
    return printable(
        f"read as {source.format}: {_many(source.rows, 'row')}, {_many(source.conversations, 'conversation')}{whose}"
        f"{span}{silent}; {columns}"
    )


def _elsewhere(source: sources.Source, name: str) -> str:
    """Where something comes from if not from a column of the input."""
    within = {"user_id": source.users and source.privacy_unit == "user", "created_at": source.first}
    if name == "conversation_id":
        return "made from the content of each row" if source.makes_ids else "within each row"
    return "within each row" if within[name] else "none"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def inspect(path: str, **reading: Any) -> Iterator[str]:
    """The line, and the first conversation of an input, one line per message. Nothing is written.

    reading: as `sources.read` takes it. Raises InputError or UsageError as a run would.
    """
    inputs.found(path)
    con = duckdb.connect()
    try:
        source = sources.read(con, path, in_order=True, **reading)
        yield line(source)
        yield from (printable(f"{what}: {count:,}") for what, count in _counted(source) if count)
        yield from _shown(*con.execute(FIRST).fetchall()[0])
    except duckdb.Error as error:
        raise explained(error, "source") from error
    finally:
        con.close()


def _counted(source: sources.Source) -> Iterator[tuple[str, int]]:
    """What was left out, joined, repaired or not understood, and how often."""
    yield from ((f"left out: {reason}", rows) for reason, rows in source.left_out)
    yield "rows that became part of another conversation", source.merged
    yield "conversations whose user id identifies no user", source.nameless
    yield "conversations without a readable time", source.untimed
    yield "rows with half a character, now U+FFFD", source.mended


def _shown(
    conversation_id: str | None, user_id: str | None, at: datetime | None, messages: list[dict[str, Any]]
) -> Iterator[str]:
    yield printable(
        f"\nfirst conversation: id {conversation_id or 'none'}, user {user_id or 'none'}, time {at or 'none'}"
    )
    for message in messages:
        text = message["content"] or ""
        cut = f"{text[:LONGEST]} [... {len(text) - LONGEST:,} characters more ...]" if len(text) > LONGEST else text
        yield printable(f"{message['role'] or 'no role'}: {cut}")
