"""The adapters of `sql/sources/`: which columns each reads, and the relation `raw` it reads them from.

An adapter says in its header which columns it needs, and as what kind. From that the relation `raw`
is built, which its SQL reads: each item of `needs` and `optional` under its own name, NULL where
the input has none, as `text` (varchar), `time` (timestamp in UTC, NULL if unreadable), `json` (JSON in a
text is read too), `list` (JSON that must be a list) or `content` (JSON, text unchanged); `position`, the
number of the row in the input from 1; `metadata`, all other columns but nested ones as a map of text; and
`numbers`, the numbers among them as a map of doubles.

A name such as `a.b` is a column of that name or the key b within the column a. Names match
whatever their case, with or without `_`, `-`, `.` and blanks. Work that several adapters share is done by the
macros of `sql/sources/macros/`.

An adapter returns conversation_id, user_id, created_at, messages, metadata and numbers: ids unchanged, NULL if
there is none. The steps of `sql/sources/steps/` then do the same for all formats: find the user of each row, and which
rows are one conversation. A row without an id gets one made from its content, unless the format requires ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

import duckdb

from clio_sql.register import macro_text
from clio_sql.sources.inputs import FILE, LOOKED_AT, NOT_A_LIST, Input, Place, as_json, json_of, nested
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse.state import whole

# The first one whose columns are all present is used: specific formats before general ones.
FORMATS = (
    "chatgpt", "claude_export", "openwebui", "librechat", "oasst", "claude_code", "codex", "openai_responses",
    "wildchat", "lmsys", "sharegpt", "litellm", "langsmith", "helicone", "bedrock", "otel_otlp",
    "otel_spans", "otel_columns", "langfuse", "messages", "batch", "anthropic", "requests", "canonical", "openai",
    "exchanges",
)  # fmt: skip
# Usual names of items in inputs, for adapters that give none themselves; the best first.
USUAL = {
    "conversation_id": ("conversation_id", "session_id", "thread_id", "chat_id"),
    "user_id": ("user_id", "user.id", "user", "end_user", "metadata.user_id"),
    "created_at": (
        "created_at", "created", "create_time", "timestamp", "start_time", "time", "datetime", "datetime_utc", "date",
        "ts",
    ),
}  # fmt: skip
# In order: each may use those before it.
MACROS = (
    "clio_role", "clio_unencoded", "clio_spoken", "clio_json", "clio_parsed", "clio_part", "clio_text", "clio_tool",
    "clio_turn", "clio_is_message", "clio_message_list", "clio_messages", "clio_found", "clio_answer",
    "clio_request", "clio_joined", "clio_system", "clio_first", "clio_attributes", "clio_numbered", "clio_span",
    "clio_events", "clio_conversation_of_span", "clio_user_of_span",
    "clio_epoch", "clio_plain_time", "clio_clock", "clio_offset", "clio_written_time", "clio_time",
    "clio_current_path", "clio_conversations", "clio_own_words",
)  # fmt: skip
MAPPABLE = ("conversation_id", "user_id", "created_at", "messages", "role", "content", "prompt", "response")
# A column of any input: names of tools, or structs of name and ok. `sql/models/tool_calls.sql` reads it.
TOOLS = "tools_used"
FIRST, LAST = "timestamp '1900-01-01'", "timestamp '2199-12-31'"
DATE = r"^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:,?\s+|$)"  # day or month first
USER = "{user}"
POSITION = '"clio-sql position"'  # among the input's own columns
STEPS = ("users", "turns", "sessions", "wholes", "merged")  # each reads what is before it


@dataclass(frozen=True)
class Item:
    """One column of `raw`: its name, its kind, and the input's names for it, the best first."""

    name: str
    kind: str
    natives: tuple[str, ...]

    def find(self, given: Input, mapped: Mapping[str, str]) -> Place | None:
        """Where the input has this item, or None."""
        names = (mapped[self.name],) if self.name in mapped else self.natives
        return next(filter(None, map(given.place, names)), None)


@dataclass(frozen=True)
class Adapter:
    """A file of `sql/sources/`: its SQL, and the columns its header names."""

    name: str
    sql: str
    a_row_is: str  # of the input: 'a conversation', 'a request', 'a message', 'a file', …
    needs: tuple[Item, ...]
    optional: tuple[Item, ...]
    found_by: tuple[str, ...]  # columns that only identify the format
    user: str  # how the user of a row is found, if no single column says it

    def reads(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether all it needs is present, and it uses all mapped columns."""
        takes = {item.name for item in (*self.needs, *self.optional)}
        return mapped.keys() <= takes and all(item.find(given, mapped) for item in self.needs)

    def time(self, given: Input, mapped: Mapping[str, str]) -> Place | None:
        """Where the input has the time of a row, or None."""
        return next((item.find(given, mapped) for item in self.optional if item.name == "created_at"), None)

    def has_time(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether its rows have a time: from a column, or, if it asks for none, from within."""
        items = [item for item in (*self.needs, *self.optional) if item.name == "created_at"]
        return not items or self.time(given, mapped) is not None

    @property
    def row_is_a_conversation(self) -> bool:
        """Whether a single row of the input says when its conversation began."""
        return self.a_row_is not in ("a message", "a file", "a response")

    @property
    def needs_id(self) -> bool:
        """Whether a row without an id is left out; otherwise it gets an id."""
        return any(item.name == "conversation_id" for item in self.needs)

    def wanted(self) -> list[str]:
        """The columns to name in an error."""
        needs = [item.name if item.natives == USUAL.get(item.name) else "/".join(item.natives) for item in self.needs]
        return needs + [sign.replace(" or ", "/") for sign in self.found_by]

    def is_told(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether its columns distinguish it from other formats.

        A column mapped to `messages` does not identify a format that has a name of its own for it.
        """
        foreign = [i for i in self.needs if i.name in mapped and not {i.name, mapped[i.name]} & {*i.natives}]
        return not foreign and all(any(map(given.place, sign.split(" or "))) for sign in self.found_by)


def adapter(name: str) -> Adapter:
    """The adapter of a format, one of FORMATS."""
    sql = files("clio_sql.sql").joinpath("sources", f"{name}.sql").read_text(encoding="utf-8")

    def header(key: str) -> list[str]:
        lines = re.findall(rf"^-- {key}: (.+)$", re.sub(r"\n-- {2,}", " ", sql), re.MULTILINE)
        return [item for line in lines for item in re.split(r",\s*", line.rstrip(", "))]

    def items(key: str) -> tuple[Item, ...]:
        parts = [re.fullmatch(r"(\w+) (text|time|json|list|content)(?: from (.+))?", item) for item in header(key)]
        return tuple(Item(p[1], p[2], _natives(p[1], p[3])) for p in parts)  # type: ignore[index]

    found_by, user = tuple(header("found by")), ", ".join(header("user"))
    return Adapter(name, sql, header("a row is")[0], items("needs"), items("optional"), found_by, user)


def _natives(name: str, told: str | None) -> tuple[str, ...]:
    return tuple(told.split(" or ")) if told else USUAL.get(name, (name,))


def described() -> str:
    """The formats as a Markdown table, in the order in which they are tried."""
    lines = ["| `--source` | a row is | columns that tell it | user |", "|---|---|---|---|"]
    for each in map(adapter, FORMATS):
        columns = ", ".join(" or ".join(f"`{name}`" for name in column.split("/")) for column in each.wanted())
        row = f"**{each.a_row_is}**" if not each.row_is_a_conversation else each.a_row_is
        lines.append(f"| `{each.name}` | {row} | {columns} | {each.user or _user(each)} |")
    return "\n".join(lines)


def _user(adapter: Adapter) -> str:
    natives = next((item.natives for item in adapter.optional if item.name == "user_id"), ())
    return " or ".join(f"`{name}`" for name in natives) if natives != USUAL["user_id"] else "`user_id` or `user`"


def make_macros(con: duckdb.DuckDBPyConnection, temp: bool = True) -> None:
    """The macros that adapters use: temporary ones, or saved in the database, as a view over them needs."""
    for name in MACROS:
        sql = files("clio_sql.sql").joinpath("sources", "macros", f"{name}.sql").read_text(encoding="utf-8")
        con.execute(sql.replace("replace macro", "replace temp macro", 1) if temp else sql)
    if temp:  # otherwise it is registered
        con.execute(macro_text("clio_user_id").replace("replace macro", "replace temp macro", 1))


def read(raw: str, adapter: Adapter, *, within: str = "true", forgotten: str = "") -> str:
    """The query that reads an input as conversations: the adapter, and then the steps that all formats have.

    raw: the query of that name. within: a condition on the rows of the adapter. forgotten: one on the relation
    `users`, true for rows of users who were forgotten.
    """
    made = steps(forgotten)
    return (
        f"with raw as ({raw}),\ngiven as materialized (\n"
        f"select row_number() over () as position, *, {adapter.needs_id} as needs_id\n"
        f"from (\n{adapter.sql}\n) where {within}\n),\n"
        + ",\n".join(f"{step} as materialized (\n{sql}\n)" for step, sql in made.items())
        + "\nselect * from merged"
    )


def steps(forgotten: str = "") -> dict[str, str]:
    """Name -> SQL of the steps that all formats have, in order; they read the relation `given`.

    forgotten: as `read` takes it.
    """
    made = {step: _step(step) for step in STEPS}
    if forgotten:
        theirs = f"(select user_id from named_users where {forgotten})"
        made["users"] = (
            f"with named_users as (\n{made['users']}\n)\nselect * from named_users\n"
            f"where coalesce(user_id not in {theirs}, true) and not coalesce({forgotten}, false)"
        )
    return made


def _step(name: str) -> str:
    return files("clio_sql.sql").joinpath("sources", "steps", f"{name}.sql").read_text(encoding="utf-8").strip()


def raw(given: Input, adapter: Adapter, mapped: Mapping[str, str], within: str = "", user: str | None = None) -> str:
    """The query of the relation `raw` that the adapter reads.

    user: the user of all rows, or the part of a file's path that names the user: see `user_of`.
    within: a condition on created_at, pushed down as far as possible: files skip what it excludes.
    """
    places = {item: item.find(given, mapped) for item in (*adapter.needs, *adapter.optional)}
    reads = {item.name: _read(item, place, given) for item, place in places.items()}
    if user is not None:
        reads["user_id"] = user_of(user)
    selected = ", ".join(f"{read} as {name}" for name, read in reads.items())
    return (
        f"select {selected}, {POSITION} as position, {_beside(given.types, places)} "
        f"from (select *, row_number() over () as {POSITION} from {given.relation}{_narrowing(given, places, within)})"
    )


def user_of(rule: str, path: str = identifier(FILE)) -> str:
    """The expression for the user of a row: the rule itself, or the part of the file's path in place of its {user}.

    The rule is the end of a path: * is any part of a name, ** any part of a path. NULL for any other path.
    """
    if USER not in rule:
        return literal(rule)
    kinds = {USER: "([^/]+)", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\{user\}|\*\*?)", rule)
    pattern = "^(?:.*/)?" + "".join(kinds.get(part, re.escape(part)) for part in parts) + "$"
    return f"nullif(regexp_extract({path}, {literal(pattern)}, 1), '')"


def no_list(given: Input, adapter: Adapter, mapped: Mapping[str, str]) -> str:
    """SQL: whether a row has something else where a list should be. Uses the input's own columns."""
    items = [replace(item, kind="json") for item in (*adapter.needs, *adapter.optional) if item.kind == "list"]
    read = [_value(item, place, given) for item in items if (place := item.find(given, mapped))]
    tests = [f"not (coalesce(json_type({it}), 'NULL') in ('NULL', 'ARRAY') or trim({it} ->> '$') = '')" for it in read]
    return " or ".join(tests) or "false"


def _beside(types: Mapping[str, str], places: Mapping[Item, Place | None]) -> str:
    """The expressions of metadata, and of numbers: those of the same columns that are numbers, typed."""
    read = {place.column for place in places.values() if place and not place.path}
    rest = [name for name in types if name not in read and (not nested(types[name]) or name == TOOLS)]
    names = ", ".join(map(literal, rest))
    texts = ", ".join(_scalar(name, types[name]) for name in rest)
    numbers = ", ".join("null" if name == TOOLS else _as("number", identifier(name), types[name]) for name in rest)
    entries = f"map_entries(map([{names}]::varchar[], [{numbers}]::double[]))"
    return (
        f"map([{names}]::varchar[], [{texts}]::varchar[]) as metadata, "
        f"map_from_entries(list_filter({entries}, lambda entry: entry.value is not null)) as numbers"
    )


def _scalar(name: str, type_: str) -> str:
    """The expression of a value of metadata. The tools that a conversation used may be a list: then it is JSON."""
    if name == TOOLS and (nested(type_) or type_ == "JSON"):
        listed = f"to_json({identifier(name)})"
        return f"if(json_type({listed}) = 'VARCHAR', {listed} ->> '$', {listed}::varchar)"
    return _as("scalar", identifier(name), type_)


def _narrowing(given: Input, places: Mapping[Item, Place | None], within: str) -> str:
    if not within:
        return ""
    time = next(_value(item, place, given) for item, place in places.items() if item.name == "created_at")
    return f" where {within.replace('created_at', f'({time})')}"


def _read(item: Item, place: Place | None, given: Input) -> str:
    """The expression that reads an item; NULL if it is not an id or not a time.

    A blank id is none: rows that share it are not one conversation. A time in an implausible year is none either.
    """
    read = _value(item, place, given)
    if place and item.name.endswith("_id"):
        read = _id(place, read, given.types)
        return f"if(trim({read}, concat(' ', chr(9), chr(10), chr(13))) = '', null, {read})"
    return f"if({read} between {FIRST} and {LAST}, {read}, null)" if place and item.kind == "time" else read


def _id(place: Place, text: str, types: Mapping[str, str]) -> str:
    """An id as text, the same however its column is written: see `whole`. NaN is not an id."""
    read = whole(text)
    real = types[place.column] in ("FLOAT", "DOUBLE") and not place.path
    return f"if(isfinite({identifier(place.column)}), {read}, null)" if real else read


def _value(item: Item, place: Place | None, given: Input) -> str:
    """The expression that reads an item as its kind, NULL if the input has none."""
    if place is None:
        return {"text": "null::varchar", "time": "null::timestamp"}.get(item.kind, "null::json")
    column, type_ = identifier(place.column), given.types[place.column]
    if place.path:
        column, type_ = f"json_extract({as_json(place.column, type_)}, {literal(place.path)})", "JSON"
    if item.kind == "time" and type_ in ("JSON", "VARCHAR"):
        return f"clio_time({_year_first(_text(column, type_), given)})"
    return _as(item.kind, column, type_)


def _year_first(text: str, given: Input) -> str:
    """The text of a time with dates such as 3/4/2026 or 03.04.2026 rewritten to begin with the year.

    Dates of the same column, such as 25/4/2026, show which of the two is the day. If none does, or some show
    one and some the other, the text is left unchanged and is not a time.
    """
    if not given.any(f"regexp_matches({text}, {literal(DATE)})", LOOKED_AT):
        return text

    def is_day(place: int) -> bool:
        return given.any(f"try_cast(regexp_extract({text}, {literal(DATE)}, {place}) as integer) > 12", None)

    order = {(True, False): r"\3-\2-\1 ", (False, True): r"\3-\1-\2 "}.get((is_day(1), is_day(2)))
    return f"regexp_replace({text}, {literal(DATE)}, {literal(order)})" if order else text


def _as(kind: str, column: str, type_: str) -> str:
    """The expression that reads a column as a kind.

    Besides the kinds of an adapter's items there are `scalar`, text that is NULL where JSON is nested, and `number`.
    """
    text = _text(column, type_)
    if kind == "text":
        return text
    if kind == "scalar":
        return f"if(json_type({column}) in ('ARRAY', 'OBJECT'), null, {text})" if type_ == "JSON" else text
    if kind == "number":
        return _number(column, text, type_)
    if kind == "time":
        return _time(column, text, type_)
    if kind == "content":
        return f"to_json({column})"
    json = json_of(column, type_)
    if kind == "json":
        return json
    return f"""case when coalesce(json_type({json}), 'NULL') = 'NULL' or trim({text}) = '' then null
        when json_type({json}) = 'ARRAY' then {json}
        else error('{NOT_A_LIST} ' || {POSITION}) end"""


def _text(column: str, type_: str) -> str:
    return f"({column} ->> '$')" if type_ == "JSON" else f"{column}::varchar"


def _number(column: str, text: str, type_: str) -> str:
    """A finite number, NULL for anything else. In JSON a text is none; in a text column, as in CSV, it may be one."""
    if type_ == "JSON":
        return f"if(json_type({column}) in ('BIGINT', 'UBIGINT', 'DOUBLE'), try_cast({text} as double), null)"
    if type_ == "VARCHAR" or re.match(r"U?(TINY|SMALL|BIG|HUGE)?INT|FLOAT|DOUBLE|DECIMAL", type_):
        return f"nullif(nullif(nullif(try_cast({text} as double), 'nan'), 'inf'), '-inf')"
    return "null"


def _time(column: str, text: str, type_: str) -> str:
    """A timestamp in UTC, whatever the session's time zone: a time column unchanged, else what `clio_time` reads."""
    if type_.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"make_timestamp(epoch_us({column}))"
    if type_.startswith(("TIMESTAMP", "DATE")):
        return f"{column}::timestamp"
    return f"clio_time({text})"
