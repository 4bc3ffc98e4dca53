"""Rows that stand in a list within a JSON object, as pages of an API and exports of one conversation do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from clio_sql.adapters import USUAL
from clio_sql.inputs import FILE, KEYS, Input, anywhere, as_json, require_distinct
from clio_sql.quoting import identifier, literal

# What such lists are called. Of the last two, lists of messages have these names, too: what tells rows is a key.
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


def within(con: duckdb.DuckDBPyConnection, given: Input) -> tuple[Input, bool] | None:
    """The input with a row for each entry of the list that an object has, or None where it has none.

    True with it: by its name and keys the list holds rows for certain. An entry stands with the user of the object
    around it, unless it names one. Raises InputError where the entries have too many keys.
    """
    for name in LISTS:
        column = given.column(name)
        if column is None or given.types[column] != "JSON[]" or not _holds_rows(given, name, column):
            continue
        relation, types = _entries(con, given, column)
        if types:
            if given.bad:
                given.bad.in_lists = True
            hint = f" Its rows are those of the list {name}."
            return replace(
                given, relation=relation, types=types, hint=hint, any=anywhere(con, relation)
            ), name in OF_ROWS
    return None


def _holds_rows(given: Input, name: str, column: str) -> bool:
    listed = as_json(column, given.types[column])

    def has(*keys: str) -> bool:
        return any(given.holds(listed, f'$[0]."{key}"') for key in keys)

    if name == "conversations":
        return has(*OF_ROWS[name]) and not has(*OF_MESSAGES)
    return has(*OF_ROWS[name]) if name in OF_ROWS else given.holds(listed, "$[0]")


def _entries(con: duckdb.DuckDBPyConnection, given: Input, column: str) -> tuple[str, dict[str, str]]:
    """The relation of the entries, and its columns with their types; none where an entry is no object."""
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
    """The columns beside the list that say whose all of it is, with their types."""
    found = [given.column(name) for name in USUAL["user_id"] if "." not in name]
    return {name: given.types[name] for name in found if name}
