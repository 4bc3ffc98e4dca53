"""Rows in a list within a JSON object, as in pages of an API and exports of one conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from clio_sql.sources.adapters import USUAL
from clio_sql.sources.inputs import FILE, KEYS, Input, anywhere, as_json, require_distinct
from clio_sql.sources.limits import Limits
from clio_sql.sql_text.quoting import identifier, literal

# Names of such lists. Lists of messages also use the last two names: there a key shows that they are rows.
LISTS = (
    "data", "items", "results", "rows", "records", "chats", "threads", "traces", "runs", "sessions", "logs", "value",
    "conversations", "messages",
)  # fmt: skip
OF_ROWS = {
    "conversations": ("id", "uuid", "conversation_id", "messages", "chat_messages", "mapping"),
    "messages": ("parentMessageId",),
}
ENTRY = '"clio-sql entry"'
OF_MESSAGES = ("role", "from", "sender", "author", "content", "value")


def list_of_rows(given: Input) -> str | None:
    """The name of the list that may hold the rows of an input, or None. Those in OF_ROWS are certain."""
    names = (name for name in LISTS if (column := given.column(name)) and given.types[column] == "JSON[]")
    return next((name for name in names if _holds_rows(given, name)), None)


def within(con: duckdb.DuckDBPyConnection, given: Input, name: str, limits: Limits) -> Input:
    """The input with a row for each entry of that list; unchanged if an entry is not an object.

    An entry gets the user of the object around it, unless it names one. Raises InputError if the entries have
    too many keys, or two that differ only in case.
    """
    relation, types = _entries(con, given, str(given.column(name)))
    if not types:
        return given
    limits.require_few(given.where, types)
    if given.bad:
        given.bad.in_lists = True
    hint = f" Its rows are those of the list {name}."
    return replace(given, relation=relation, types=types, hint=hint, any=anywhere(con, relation))


def _holds_rows(given: Input, name: str) -> bool:
    column = str(given.column(name))
    listed = as_json(column, given.types[column])

    def has(*keys: str) -> bool:
        return any(given.holds(listed, f'$[0]."{key}"') for key in keys)

    if name == "conversations":
        return has(*OF_ROWS[name]) and not has(*OF_MESSAGES)
    return has(*OF_ROWS[name]) if name in OF_ROWS else given.holds(listed, "$[0]")


def _entries(con: duckdb.DuckDBPyConnection, given: Input, column: str) -> tuple[str, dict[str, str]]:
    """The relation of the entries, and its columns with their types; none if an entry is not an object."""
    listed = as_json(column, given.types[column])
    entries = f"json_extract({listed}, '$[*]')"
    if given.column("recursive"):  # LibreChat exports answers within the message that they answer
        entries = f"list_concat({entries}, json_extract({listed}, '$[*]..children[*]'))"
    entries = f"(select *, unnest({entries}) as {ENTRY} from {given.relation})"
    keys = dict(con.execute(KEYS.format(f"(select {ENTRY} as json from {entries})")).fetchall())
    if None in keys or not keys:
        return "", {}
    require_distinct(given.where, keys)
    named = {key.lower() for key in keys}
    around = {name: type_ for name, type_ in _user_around(given).items() if name.lower() not in named}
    beside = ", ".join(map(identifier, (FILE, *around)))
    shape = literal(json.dumps(dict.fromkeys(keys, "JSON")))
    return (
        f"(select unnest(json_transform({ENTRY}, {shape})), {beside} from {entries} "
        f"where json_type({ENTRY}) = 'OBJECT')",
        keys | around,
    )


def _user_around(given: Input) -> Mapping[str, str]:
    """The columns next to the list that name the user of all of it, with their types."""
    found = [given.column(name) for name in USUAL["user_id"] if "." not in name]
    return {name: given.types[name] for name in found if name}
