"""Reads conversations from any supported input into one table, `source`.

Text is kept unchanged, NUL and emoji included; half a character becomes U+FFFD and is counted. A row that cannot
be read is left out and counted with its line.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.errors import InputError, UsageError
from clio_sql.errors.quotable import names
from clio_sql.sources import adapters, wrapped
from clio_sql.sources import measures as measured
from clio_sql.sources.adapters import (
    FORMATS,
    MAPPABLE,
    USER,
    Adapter,
    Item,
    adapter,
    make_macros,
    no_list,
    raw,
    user_of,
)
from clio_sql.sources.inputs import Input, Place, Reading, Stumbled, as_json, opened
from clio_sql.sources.limits import Limits
from clio_sql.sources.text_files import NO_LIST, SHOWN, BadRows
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse.database import one, scalar
from clio_sql.warehouse.state import is_forgotten, tables

OPTIONS = {"conversation_id": "--id-column", "user_id": "--user-column", "created_at": "--time-column"}
VIEW = """
    select 1 from duckdb_views()
    where database_name = current_database() and schema_name = ? and view_name = 'source'
"""


@dataclass(frozen=True)
class Source:
    """What was read: its format, how many rows, and what became of them."""

    format: str
    rows: int  # of the input, as its adapter returns them: within since and until, without forgotten users
    privacy_unit: str
    breakdowns: tuple[str, ...]
    measures: tuple[str, ...]
    metadata: tuple[str, ...]  # the names that clusters can be broken down by
    columns: tuple[str, ...]  # the columns of the input
    left_out: tuple[tuple[str, int], ...] = ()  # (reason, rows) that cannot be read, or are outside since and until
    untimed: int = 0  # conversations without a readable time, if a column has times
    conversations: int = 0  # rows of the table `source`: some have no text, or no id
    users: int = 0  # distinct user ids
    merged: int = 0  # rows that became part of another conversation
    silent: int = 0  # conversations without any text
    nameless: int = 0  # conversations whose user id, such as 'anonymous', identifies no user
    mended: int = 0  # rows in which half a character became U+FFFD
    read_from: tuple[tuple[str, str], ...] = ()  # user_id, created_at, conversation_id and its name there, or ''
    makes_ids: bool = False  # no column has conversation ids, so they are made from the content of rows
    first: datetime | None = None  # when the first conversation began, UTC
    last: datetime | None = None

    @property
    def described(self) -> dict[str, Any]:
        """What `builder.describe_input` writes of it: nothing that depends on a path or a user."""
        return {
            "format": self.format,
            "privacy_unit": self.privacy_unit,
            "breakdowns": self.breakdowns,
            "measures": self.measures,
        }


def read(
    con: duckdb.DuckDBPyConnection,
    path: str | Path,
    *,
    source: str | None = None,
    columns: Mapping[str, str] | None = None,
    privacy_unit: str = "user",
    breakdowns: Iterable[str] = (),
    measures: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    user: str | None = None,
    encoding: str | None = None,
    max_bad_rows: int | None = None,
    allow_views: bool = False,
    limits: Limits | None = None,
    schema: str = "clio",
    in_order: bool = False,
) -> Source:
    """Writes the conversations of `path` to the table `schema.source`, replacing it, and describes them.

    The table has a row for each conversation, with the columns of `sql/sources/steps/merged.sql` but ids. NULL ids and
    empty messages are still there. The path is stored nowhere.

    source: a name of FORMATS; found from the columns when None.
    columns: a name of MAPPABLE -> the input's name for it. Only formats that use all of them are considered.
    privacy_unit: 'user', or 'conversation': then each conversation id is its own user id.
    breakdowns: names in metadata that must exist.
    measures: names in metadata that must be numbers, and no breakdowns.
    since, until: ISO dates or timestamps, UTC where they name no other offset. Only conversations that began at or
    after `since` and before `until` are read; those without a time are left out, and both are counted.

    user: the user of all rows, or with {user} the end of the files' paths, as in 'logs/{user}/**': what is there is
    the user. Rows of files with another path have none.
    encoding: of text files, a name that Python knows; UTF-8 by default, or UTF-16 where the file shows it.
    max_bad_rows: rows that may be left out because they cannot be read; by default the larger of 10 and 1%.
    allow_views: a view of a DuckDB or SQLite file may be read, which runs SQL by whoever made the file.
    limits: on the size of rows, files and tables; see Limits.
    in_order: the table has one more column, `position`: the first input row of a conversation.

    Raises InputError, or UsageError for since, until, user and encoding, and then keeps what was read before.
    """
    first, last = moment("since", since), moment("until", until)
    if first and last and first >= last:
        raise UsageError(f"--since {since} is not before --until {until}, which is exclusive. Change one.")
    mapped = {name: column for name, column in (columns or {}).items() if column is not None}
    _allowed("source", [source] if source else [], FORMATS)
    _allowed("columns", mapped, MAPPABLE)
    _allowed("privacy_unit", [privacy_unit], ("user", "conversation"))
    reading = Reading(_known(encoding), max_bad_rows, allow_views, limits or Limits())
    asked = tuple(breakdowns), tuple(measures)

    def once(reading: Reading) -> Source:
        return _read(con, str(path), reading, source, mapped, privacy_unit, asked, first, last, user, schema, in_order)

    try:
        return once(reading)
    except Stumbled:
        pass
    return once(replace(reading, careful=True))


def _known(encoding: str | None) -> str | None:
    """The encoding under Python's name for it. Raises UsageError."""
    if encoding is None:
        return None
    try:
        found = codecs.lookup(encoding)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise UsageError(
            f"--encoding {encoding[:40]!r} is not known. Allowed: utf-8, utf-16, cp1252, latin-1, shift_jis, …"
        ) from None
    return found.name


def _read(
    con: duckdb.DuckDBPyConnection,
    path: str,
    reading: Reading,
    source: str | None,
    mapped: Mapping[str, str],
    privacy_unit: str,
    asked: tuple[tuple[str, ...], tuple[str, ...]],
    first: str,
    last: str,
    user: str | None,
    schema: str,
    in_order: bool,
) -> Source:
    make_macros(con)
    with opened(con, path, reading) as given:
        if user is not None:
            _require_user(con, given, mapped, user)
        if given.load is None:
            _require_rows(con, given)
        given = _unwrapped(con, given, mapped, source, reading.limits)
        _allowed(f"{given.where}: column", [n for n in mapped.values() if not given.place(n)], given.types)
        chosen = choose(given, mapped, source)
        within = bounds(given, chosen, mapped, first, last)
        if given.load is not None:
            # rows out of range are not even sent, but then they cannot be counted either
            time = chosen.time(given, mapped) if within and chosen.row_is_a_conversation else None
            given.load(time.column if time and not time.path else None, first, last)
            _require_rows(con, given)
        if reading.careful:
            given = _lists_alone(con, given, chosen, mapped, reading)
        narrow = within if chosen.row_is_a_conversation else ""
        rows = raw(given, chosen, mapped, narrow, user)
        query = _query(con, rows, chosen, within or "true", privacy_unit, in_order)
        left_out = _outside(con, given, chosen, mapped, within)
        require = partial(_require_roles, chosen, given, mapped)
        found, metadata = _written(
            con, schema, query, given.where, asked, lambda: _without_text(con, rows, chosen), require
        )
        timed = chosen.has_time(given, mapped)
        read_from = _read_from(given, chosen, mapped, user)  # which may read the files
        bad = given.bad or BadRows(several=False)
    return Source(
        chosen.name, found["rows"], privacy_unit, *asked, metadata, tuple(given.types), (*bad.reasons(), *left_out),
        untimed=found["untimed"] if timed else 0,
        conversations=found["conversations"],
        users=found["users"],
        merged=found["rows"] - found["conversations"],
        silent=found["conversations"] - found["texts"],
        nameless=found["nameless"] if privacy_unit == "user" else 0,
        mended=bad.mended,
        read_from=read_from,
        makes_ids=not chosen.needs_id and any(i.name == "conversation_id" for i in (*chosen.needs, *chosen.optional)),
        first=found["first"],
        last=found["last"],
    )  # fmt: skip


def _read_from(
    given: Input, chosen: Adapter, mapped: Mapping[str, str], user: str | None
) -> tuple[tuple[str, str], ...]:
    """Each of user, time and id, and the input's name for it; '' if it has none."""
    found = {item.name: item.find(given, mapped) for item in (*chosen.needs, *chosen.optional)}
    named = {name: found.get(name) for name in ("user_id", "created_at", "conversation_id")}
    columns = {name: _spelled(place) for name, place in named.items()}
    # the first that a row has, such as the user of a request, else the owner of its key
    columns["user_id"] = " else ".join(_spelled(place) for name, place in found.items() if place and _is_user(name))
    return tuple((columns | ({"user_id": "--user"} if user is not None else {})).items())


def _is_user(item: str) -> bool:
    return item.endswith("user_id")


def _spelled(place: Place | None) -> str:
    return place.column + place.path.replace('"', "")[1:] if place else ""


def _lists_alone(
    con: duckdb.DuckDBPyConnection, given: Input, chosen: Adapter, mapped: Mapping[str, str], reading: Reading
) -> Input:
    """The input without rows whose messages are not a list; these are counted. Raises InputError if there are many."""
    bad = given.bad or BadRows(several=False)
    wrong = no_list(given, chosen, mapped)
    rows, count, first = con.execute(
        f"select count(*), count_if(wrong), (list(position order by position) filter (wrong))[:{SHOWN}] "
        f"from (select row_number() over () as position, {wrong} as wrong from {given.relation})"
    ).fetchall()[0]
    for position in first or ():
        bad.add(NO_LIST, bad.place(position))
    bad.bad[NO_LIST] += count - len(first or ())
    bad.require(given.where, rows + bad.bad.total() - count, reading.max_bad_rows)
    return replace(given, relation=f"(from {given.relation} where not ({wrong}))", bad=bad)


def moment(name: str, text: str | None) -> str:
    """An ISO date or timestamp as one in UTC that DuckDB and PostgreSQL read; '' for None. Raises UsageError."""
    if text is None:
        return ""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--{name} {text[:40]!r} is not a time. Allowed: 2026-03-01, 2026-03-01T12:00, 2026-03-01T12:00:00+02:00."
        ) from None
    return (given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given).isoformat(" ")


def _require_user(con: duckdb.DuckDBPyConnection, given: Input, mapped: Mapping[str, str], user: str) -> None:
    """Raises UsageError if --user is empty, is given together with a column, or matches no file."""
    if not user.strip() or "user_id" in mapped:
        raise UsageError("--user needs a name, and cannot be combined with --user-column. Give one of the two.")
    query = f"select count({user_of(user, 'path')}) from (select unnest(?::varchar[]) as path)"
    if USER in user and con.execute(query, [list(given.files)]).fetchall() == [(0,)]:
        raise UsageError(
            f"--user {user[:40]!r}: none of the {len(given.files)} paths ends like this. * stands for part of "
            "a name, ** for folders: 'logs/{user}/**', '{user}.jsonl'. Give the end of the path, from the user on."
        )


def _require_rows(con: duckdb.DuckDBPyConnection, given: Input) -> None:
    if con.execute(f"select 1 from {given.relation} limit 1").fetchone() is None:
        raise InputError(f"{given.where} has no rows. Give a file with at least one conversation.")


def bounds(given: Input, chosen: Adapter, mapped: Mapping[str, str], first: str, last: str) -> str:
    """The condition on created_at that --since and --until make, or ''. Raises InputError if nothing has a time."""
    limits = [f"created_at {sign} timestamp {literal(at)}" for sign, at in ((">=", first), ("<", last)) if at]
    if limits and not chosen.has_time(given, mapped):
        raise InputError(
            f"{given.where}: --since and --until need to know when each conversation began, and no column says so. "
            f"There is: {names(given.types)}. Map one: --time-column NAME."
        )
    return " and ".join(limits)


def _outside(
    con: duckdb.DuckDBPyConnection, given: Input, chosen: Adapter, mapped: Mapping[str, str], within: str
) -> tuple[tuple[str, int], ...]:
    """How many conversations `within` excludes. Raises InputError if it excludes all."""
    if not within:
        return ()
    untimed, outside, inside = con.execute(
        f"with raw as ({raw(given, chosen, mapped)}) select count_if(created_at is null), count_if(not ({within})), "
        f"count_if({within}) from (\n{chosen.sql}\n)"
    ).fetchall()[0]
    if not inside:
        raise InputError(
            f"{given.where}: no conversation is within --since and --until ({untimed} have no readable time). "
            "--since is inclusive, --until exclusive. Change them."
        )
    told = (("no time, which --since and --until need", untimed), ("a time outside --since and --until", outside))
    return tuple((reason, count) for reason, count in told if count)


def _query(
    con: duckdb.DuckDBPyConnection, rows: str, chosen: Adapter, within: str, privacy_unit: str, in_order: bool
) -> str:
    """The query of the table `source`: all conversations except those of users who were forgotten here."""
    beside = "ids" if in_order else "ids, position"
    noted, of_user = _has_forgotten(con), privacy_unit == "user"
    # earlier versions noted an id as the input spells it, and 45 as 45.0
    spellings = ("user_id", "spelled", "spelled || '.0'")
    forgotten = " or ".join(map(is_forgotten, spellings)) if noted and of_user else ""
    query = adapters.read(rows, chosen, within=within, forgotten=forgotten)
    if of_user:
        return f"select * exclude ({beside}) from (\n{query}\n)"
    conversations = f"select * exclude ({beside}) replace (conversation_id as user_id) from conversations"
    if not noted:
        return f"with conversations as (\n{query}\n)\n{conversations}"
    # forgetting one row of a conversation means forgetting all of it
    each = " or ".join(map(is_forgotten, ("id", "id || '.0'")))
    return (
        f"with conversations as (\n{query}\n),\nspelled as (\nselect conversation_id, "
        "unnest(list_append(coalesce(ids, []), conversation_id)) as id from conversations\n)\n"
        f"{conversations} anti join (select conversation_id from spelled where {each}) using (conversation_id)"
    )


def _has_forgotten(con: duckdb.DuckDBPyConnection) -> bool:
    """False for a database without state; one that lost a part of it is not read (see `state.migrate`)."""
    return bool(tables(con)) and con.execute("select 1 from clio_state.forgotten limit 1").fetchone() is not None


def _written(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    query: str,
    where: str,
    asked: tuple[tuple[str, ...], tuple[str, ...]],
    without_text: Callable[[], str],
    require: Callable[[dict[str, Any]], None],
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Replace `schema.source` with the result of the query, or leave it unchanged. Returns what `_inspected` does."""
    table = f"{identifier(schema)}.source"
    con.execute("begin")
    try:
        con.execute(f"create schema if not exists {identifier(schema)}")
        if con.execute(VIEW, [schema]).fetchone():  # a build over a table leaves one
            con.execute(f"drop view {table}")
        con.execute(f"create or replace table {table} as {query}")
        found, metadata = counted(con, table, where, asked, without_text, require)
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):  # the error may have ended the transaction itself
            con.execute("rollback")
        raise
    return found, metadata


def counted(
    con: duckdb.DuckDBPyConnection,
    table: str,
    where: str,
    asked: tuple[tuple[str, ...], tuple[str, ...]],
    without_text: Callable[[], str],
    require: Callable[[dict[str, Any]], None] = lambda found: None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Counts of a table `source`, and its metadata names. Raises InputError where it cannot be analysed as asked.

    asked: breakdowns and measures. without_text: what to say if no row has a text. require: called with the counts.
    """
    found, metadata = _inspected(con, table, where, without_text)
    require(found)
    breakdowns, measures = asked
    _allowed(f"{where}: breakdown", breakdowns, metadata)
    measured.require(con, table, where, measures, breakdowns)
    return found, metadata


def _require_roles(chosen: Adapter, given: Input, mapped: Mapping[str, str], found: Mapping[str, Any]) -> None:
    """Raises InputError if a column guessed to say who wrote a message never does."""
    role = next((item for item in chosen.needs if item.name == "role"), None)
    place = role.find(given, mapped) if role else None
    if place and "role" not in mapped and place.column.lower() != "role" and not found["attributed"]:
        raise InputError(
            f"{given.where}: read as {chosen.name}, {names([place.column])} never says that a user or an "
            "assistant wrote a message. Map the column that does (--role-column NAME), or the lists of messages "
            "(--messages-column NAME)."
        )


def _allowed(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Raises unless everything given is allowed."""
    allowed = tuple(allowed)
    for name in given:
        if name not in allowed:
            there = names(allowed) or "nothing"
            raise InputError(f"{what}: {name!r} does not exist. There is: {there}. Choose one of them.")


def _unwrapped(
    con: duckdb.DuckDBPyConnection, given: Input, mapped: Mapping[str, str], source: str | None, limits: Limits
) -> Input:
    """The input, or the rows of a list within its objects, if these are not conversations themselves."""
    name = wrapped.list_of_rows(given)
    if name is None or (name not in wrapped.OF_ROWS and _fitting(given, mapped, source)):
        return given
    return wrapped.within(con, given, name, limits)


def _fitting(given: Input, mapped: Mapping[str, str], source: str | None) -> Adapter | None:
    """The named adapter, or the first that fits by itself."""
    adapters = map(adapter, [source] if source else FORMATS)
    return next((a for a in adapters if a.reads(given, mapped) and (source or a.is_told(given, mapped))), None)


def choose(given: Input, mapped: Mapping[str, str], source: str | None) -> Adapter:
    """As `_fitting`; InputError if there is none."""
    if found := _fitting(given, mapped, source):
        return found
    adapters = [adapter(name) for name in ([source] if source else FORMATS)]
    wanted = [f"  {each.name}: {', '.join(each.wanted())}" for each in adapters]
    raise InputError(
        f"{given.where}: its columns are not those of {source or 'any known format'}.\n"
        f"found: {names(given.types)}\nwanted:\n" + "\n".join(wanted) + "\n"
        f"{_nearest(given, mapped, adapters)}Map your columns ({', '.join(MAPPABLE)}), for example "
        f"--messages-column chat --id-column chat_id.{given.hint}"
    )


def _nearest(given: Input, mapped: Mapping[str, str], adapters: Iterable[Adapter]) -> str:
    """What would make the nearest format work: a column of messages, else what it lacks; '' if nothing is near."""
    if column := _column_of_messages(given, mapped):
        return f"The column {names([column])} holds lists of messages. Give --messages-column {names([column])}.\n"

    def lacking(each: Adapter) -> list[Item]:
        return [item for item in each.needs if not item.find(given, mapped)]

    def nearness(each: Adapter) -> tuple[bool, bool, float]:
        """Whether anything is present, whether the rest can be mapped, and how much of what it needs is present."""
        there = 1 - len(lacking(each)) / max(1, len(each.needs))
        return there > 0, all(item.name in MAPPABLE and item.name in item.natives for item in lacking(each)), there

    best = max(adapters, key=nearness)
    if not nearness(best)[0]:
        return ""
    lacks = [item.name for item in lacking(best)]
    missing = f"it lacks {', '.join(lacks)}" if lacks else "all it needs is there"
    options = [f"--source {best.name}"] * (not best.is_told(given, mapped))
    options += [OPTIONS.get(name, f"--{name}-column") + " NAME" for name in lacks]
    advice = f"Give {' '.join(options)}." if nearness(best)[1] else "No option can replace that."
    return f"The nearest is {best.name}: {missing}. {advice}\n"


def _column_of_messages(given: Input, mapped: Mapping[str, str]) -> str | None:
    """The first column with lists of objects whose keys look like those of messages."""
    if "messages" in mapped:
        return None
    of_messages = [f"$[0].{key}" for key in ("role", "from", "sender", "author", "speaker")]

    def holds(column: str) -> bool:
        listed = as_json(column, given.types[column])
        return any(given.holds(listed, path) for path in of_messages)

    return next(filter(holds, given.types), None)


def _without_text(con: duckdb.DuckDBPyConnection, rows: str, chosen: Adapter) -> str:
    """What may be wrong if no text was found, according to the keys of the first message."""
    lists = [item.name for item in (*chosen.needs, *chosen.optional) if item.kind == "list"]
    query = " union all ".join(f"select {name} -> '$[0]' as message from ({rows})" for name in lists)
    held = "coalesce(json_type(message), 'NULL') <> 'NULL'"
    found = con.execute(f"select message from ({query}) where {held} limit 1").fetchone() if lists else None
    if lists and found is None:
        return f"read as {chosen.name}, all of its conversations are empty lists. Map the right column"
    query = "select if(json_type($1::json) = 'OBJECT', json_keys($1::json), [])"
    keys = scalar(con, query, found) if found else None
    told = f" The first message has: {names(keys)}." if keys else ""
    return (
        f"read as {chosen.name}, none of its conversations has a message with text.{told} "
        'Messages must be a list of {"role": ..., "content": ...}. Map the right column'
    )


def _inspected(
    con: duckdb.DuckDBPyConnection, table: str, where: str, without_text: Callable[[], str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Counts of the table, and metadata names. Raises InputError if no row has a text or none has a user."""
    counts = {
        "rows": "coalesce(sum(parts), 0)::bigint",
        "conversations": "count(*)",
        "users": "count(distinct user_id)",
        "untimed": "count_if(created_at is null)",
        "first": "min(created_at)",
        "last": "max(created_at)",
        "nameless": "count_if(names_nobody and user_id is null)",
        "attributed": "count_if(len(list_filter(messages, lambda m: m.role in ('user', 'assistant'))) > 0)",
        "texts": "count_if(len(list_filter(messages, lambda m: m.content != '')) > 0)",
    }
    values = one(con, f"select {', '.join(counts.values())} from {table}")
    found = dict(zip(counts, values, strict=True))
    if not found["rows"] and _has_forgotten(con):
        raise InputError(f"{where}: no row is left: all belong to users who were forgotten here. Give another input.")
    if not found["texts"]:
        raise InputError(
            f"{where}: {without_text()} (--messages-column) or name the format (--source: {', '.join(FORMATS)})."
        )
    if not found["users"]:
        raise InputError(
            f"{where}: no row has a user id, so no cluster could be shown to come from enough users. "
            "Map a column (--user-column NAME), name the one user of all of it (--user NAME), or state that each "
            "conversation counts as a user (--privacy-unit conversation)."
        )
    keys = con.execute(f"select distinct unnest(map_keys(metadata)) from {table} order by all").fetchall()
    return found, tuple(key for (key,) in keys)
