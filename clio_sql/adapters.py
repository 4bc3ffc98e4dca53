"""The adapters of `sql/sources/`: which columns each reads, and the relation `raw` it reads them from.

An adapter says in its header which columns it wants, and as what. From that the relation `raw`
is made, which its SQL reads: each item of `needs` and `optional` under its own name, NULL where
the input has none, as `text` (varchar), `time` (timestamp in UTC, NULL if unreadable), `json`, or
`list` (JSON that must be a list); `position`, the number of the row in the input from 1; and
`metadata`, all other columns but nested ones as a map of text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from clio_sql.inputs import FILE, NOT_A_LIST, Input, nested
from clio_sql.quoting import identifier, literal
from clio_sql.state import whole

# The first whose columns are all there is taken: the particular before the general.
FORMATS = ("claude_export", "wildchat", "lmsys", "sharegpt", "messages", "anthropic", "canonical", "openai")
MAPPABLE = ("conversation_id", "user_id", "created_at", "messages", "role", "content")
FIRST, LAST = "timestamp '1900-01-01'", "timestamp '2199-12-31'"
USER = "{user}"
POSITION = '"clio-sql position"'  # among the input's own columns


@dataclass(frozen=True)
class Item:
    """One column of `raw`: its name, its kind, and the input's names for it, the best first."""

    name: str
    kind: str
    natives: tuple[str, ...]

    def find(self, given: Input, mapped: Mapping[str, str]) -> str | None:
        """The input's column for this item, or None."""
        names = (mapped[self.name],) if self.name in mapped else self.natives
        return next(filter(None, map(given.column, names)), None)


@dataclass(frozen=True)
class Adapter:
    """A file of `sql/sources/`: its SQL, and the columns its header names."""

    name: str
    sql: str
    needs: tuple[Item, ...]
    optional: tuple[Item, ...]
    found_by: tuple[str, ...]  # a column that is only a sign of the format

    def reads(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether all it needs is there, and it uses all that is mapped."""
        takes = {item.name for item in (*self.needs, *self.optional)}
        return mapped.keys() <= takes and all(item.find(given, mapped) for item in self.needs)

    def time(self, given: Input, mapped: Mapping[str, str]) -> str | None:
        """The input's column of when a row is from, or None."""
        return next((item.find(given, mapped) for item in self.optional if item.name == "created_at"), None)

    @property
    def row_is_a_conversation(self) -> bool:
        return self.name != "messages"

    def wanted(self) -> list[str]:
        """The columns to name in an error."""
        return ["/".join(item.natives) for item in self.needs] + list(self.found_by)

    def is_told(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether its columns tell it from other formats.

        A column mapped to `messages` is no sign of a format that has a name of its own for it.
        """
        foreign = [i for i in self.needs if i.name in mapped and not {i.name, mapped[i.name]} & {*i.natives}]
        return not foreign and all(map(given.column, self.found_by))


def adapter(name: str) -> Adapter:
    """The adapter of a format, one of FORMATS."""
    sql = files("clio_sql.sql").joinpath("sources", f"{name}.sql").read_text(encoding="utf-8")

    def header(key: str) -> list[str]:
        lines = re.findall(rf"^-- {key}: (.+)$", sql, re.MULTILINE)
        return [item for line in lines for item in re.split(r",\s*", line.rstrip(", "))]

    def items(key: str) -> tuple[Item, ...]:
        parts = [re.fullmatch(r"(\w+) (text|time|json|list)(?: from (.+))?", item) for item in header(key)]
        return tuple(Item(p[1], p[2], tuple((p[3] or p[1]).split(" or "))) for p in parts)  # type: ignore[index]

    return Adapter(name, sql, items("needs"), items("optional"), tuple(header("found by")))


def raw(given: Input, adapter: Adapter, mapped: Mapping[str, str], within: str = "", user: str | None = None) -> str:
    """The query of the relation `raw` that the adapter reads.

    user: whose all rows are, or what of a file's path says so: see `user_of`.
    within: a condition on created_at, put as far down as it goes: files skip what it excludes.
    """
    types = given.types
    items = {item: item.find(given, mapped) for item in (*adapter.needs, *adapter.optional)}
    reads = {item.name: _read(item, name, types) for item, name in items.items()}
    if user is not None:
        reads["user_id"] = user_of(user)
    selected = ", ".join(f"{read} as {name}" for name, read in reads.items())
    rest = [name for name in types if name not in items.values() and not nested(types[name])]
    names = ", ".join(map(literal, rest))
    values = ", ".join(_as("scalar", name, types) for name in rest)
    metadata = f"map([{names}]::varchar[], [{values}]::varchar[]) as metadata"
    if within:  # rows are counted from the first that is in it
        selected = selected.replace(f"|| {POSITION})", f"|| {POSITION} || ' of those in the time range')")
    return (
        f"select {selected}, {POSITION} as position, {metadata} "
        f"from (select *, row_number() over () as {POSITION} from {given.relation}{_narrowing(given, items, within)})"
    )


def user_of(rule: str, path: str = identifier(FILE)) -> str:
    """The expression of whom a row is of: the rule itself, or what stands for its {user} in the path of the row's file.

    The rule is the end of a path: * is any part of a name, ** any part of a path. NULL where the path does not end so.
    """
    if USER not in rule:
        return literal(rule)
    kinds = {USER: "([^/]+)", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\{user\}|\*\*?)", rule)
    pattern = "^(?:.*/)?" + "".join(kinds.get(part, re.escape(part)) for part in parts) + "$"
    return f"nullif(regexp_extract({path}, {literal(pattern)}, 1), '')"


def _narrowing(given: Input, items: Mapping[Item, str | None], within: str) -> str:
    if not within:
        return ""
    time = next(_as("time", name, given.types) for item, name in items.items() if item.name == "created_at")
    return f" where {within.replace('created_at', f'({time})')}"


def _read(item: Item, name: str | None, types: Mapping[str, str]) -> str:
    """The expression that reads an item; NULL where that is no id or no time.

    An id of blanks is none: what has it in common is not one conversation. Nor is a time without a year like ours.
    """
    read = _as(item.kind, name, types)
    if name and item.name in ("conversation_id", "user_id"):
        read = _id(identifier(name), read, types[name])
    if name and item.name == "conversation_id":
        return f"if(trim({read}, concat(' ', chr(9), chr(10), chr(13))) = '', null, {read})"
    return f"if({read} between {FIRST} and {LAST}, {read}, null)" if name and item.kind == "time" else read


def _id(column: str, text: str, type_: str) -> str:
    """An id as text, the same however its column is written: see `whole`. NaN is nobody's."""
    read = whole(text)
    return f"if(isfinite({column}), {read}, null)" if type_ in ("FLOAT", "DOUBLE") else read


def _as(kind: str, name: str | None, types: Mapping[str, str]) -> str:
    """The expression that reads a column as a kind; `scalar` is text, but NULL where JSON is nested."""
    if name is None:
        return {"text": "null::varchar", "time": "null::timestamp"}.get(kind, "null::json")
    column, type_ = identifier(name), types[name]
    text = f"({column} ->> '$')" if type_ == "JSON" else f"{column}::varchar"
    if kind == "text":
        return text
    if kind == "scalar":
        return f"if(json_type({column}) in ('ARRAY', 'OBJECT'), null, {text})" if type_ == "JSON" else text
    if kind == "time":
        return _time(column, text, type_)
    # JSON in a text column, and in a JSON string, is read too
    json = f"to_json({column})"
    if type_ in ("JSON", "VARCHAR"):
        string = f"json_type({column}) = 'VARCHAR'" if type_ == "JSON" else "true"
        json = f"if({string} and json_valid({text}), {text}::json, to_json({column}))"
    if kind == "json":
        return json
    return f"""case when coalesce(json_type({json}), 'NULL') = 'NULL' or trim({text}) = '' then null
        when json_type({json}) = 'ARRAY' then {json}
        else error('{NOT_A_LIST} ' || {POSITION}) end"""


def _time(column: str, text: str, type_: str) -> str:
    """A timestamp in UTC, whatever the session's time zone; a number counts seconds (or ms, µs) from 1970."""
    if type_.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"make_timestamp(epoch_us({column}))"
    if type_.startswith(("TIMESTAMP", "DATE")):
        return f"{column}::timestamp"
    number = f"try_cast({text} as double)"
    return f"""case
        when abs({number}) < 1e17 then make_timestamp(({number} *
            case when abs({number}) < 1e11 then 1e6 when abs({number}) < 1e14 then 1e3 else 1 end)::bigint)
        -- a cast to timestamp drops the offset
        when regexp_matches({text}, ':.*[+-]\\d\\d(:?\\d\\d)?$')
            then make_timestamp(epoch_us(try_cast({text} as timestamptz)))
        else try_cast({text} as timestamp) end"""
