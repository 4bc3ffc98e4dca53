"""Reads conversations out of any supported input into one table, `source`.

The first matching adapter of `sql/sources/` says in its header which columns it wants, and as
what. From that the relation `raw` is made, which the adapter's SQL reads: each item of `needs`
and `optional` under its own name, NULL where the input has none, as `text` (varchar), `time`
(timestamp in UTC, NULL if unreadable), `json`, or `list` (JSON that must be a list); `position`,
the number of the row in the input from 1; and `metadata`, all other columns but nested ones as
a map of text.

Text is kept as it is, NUL characters, emoji and all. Invalid UTF-8 is refused, with its line: a
replaced character would change in silence what a person wrote.
"""

from __future__ import annotations

import glob
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import duckdb

from clio_sql.errors import InputError

# The first whose columns are all there is taken: the particular before the general.
FORMATS = ("claude_export", "wildchat", "lmsys", "sharegpt", "messages", "anthropic", "canonical", "openai")
MAPPABLE = ("conversation_id", "user_id", "created_at", "messages", "role", "content")
KINDS = {
    ".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".csv": "csv", ".tsv": "csv", ".duckdb": "duckdb", ".ddb": "duckdb", ".db": "duckdb",
}  # fmt: skip
ALLOWED = (
    ".parquet, .jsonl, .ndjson, .json, .csv, .tsv (text also .gz), a folder of Parquet, .duckdb::schema.table"
)
UNREADABLE = (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException)
NOT_A_LIST = "clio-sql: not a list: row"
POSITION = '"clio-sql position"'  # among the input's own columns
LONGEST = 64 * 2**20  # bytes of one JSON object or CSV line; DuckDB buffers twice this a thread


@dataclass(frozen=True)
class Source:
    """What was read: its format, and how many rows the table `source` has."""

    format: str
    rows: int
    privacy_unit: str
    breakdowns: tuple[str, ...]
    metadata: tuple[str, ...]  # the names that can be broken down by
    columns: tuple[str, ...]  # the columns of the input


@dataclass(frozen=True)
class Input:
    """An open input: what to select from, its columns with their types, and its name in errors."""

    where: str
    relation: str
    types: dict[str, str]

    def column(self, name: str) -> str | None:
        """The column of that name whatever its case, spelled as in the input, or None."""
        return next((each for each in self.types if each.lower() == name.lower()), None)


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

    def wanted(self) -> list[str]:
        """The columns to name in an error."""
        return ["/".join(item.natives) for item in self.needs] + list(self.found_by)

    def is_told(self, given: Input, mapped: Mapping[str, str]) -> bool:
        """Whether its columns tell it from other formats.

        A column mapped to `messages` is no sign of a format that has a name of its own for it.
        """
        foreign = [i for i in self.needs if i.name in mapped and not {i.name, mapped[i.name]} & {*i.natives}]
        return not foreign and all(map(given.column, self.found_by))


def read(
    con: duckdb.DuckDBPyConnection,
    path: str | Path,
    *,
    source: str | None = None,
    columns: Mapping[str, str] | None = None,
    privacy_unit: str = "user",
    breakdowns: Iterable[str] = (),
    schema: str = "clio",
) -> Source:
    """Writes the conversations of `path` to the table `schema.source`, replacing it, and says what they are.

    The table has conversation_id, user_id, created_at, messages and metadata as the adapter gave them:
    duplicate ids, NULL ids and empty messages are still there. The path is stored nowhere.

    source: a name of FORMATS; found from the columns when None.
    columns: a name of MAPPABLE -> the input's name for it. Only formats that use all of them are considered.
    privacy_unit: 'user', or 'conversation': then each conversation id is its own user id.
    breakdowns: names in metadata that must exist.

    Raises InputError, and then leaves no table `source` of this input behind.
    """
    mapped = {name: column for name, column in (columns or {}).items() if column is not None}
    _allowed("source", [source] if source else [], FORMATS)
    _allowed("columns", mapped, MAPPABLE)
    _allowed("privacy_unit", [privacy_unit], ("user", "conversation"))
    table = f"{_identifier(schema)}.source"
    with _opened(con, str(path)) as given:
        if con.execute(f"select 1 from {given.relation} limit 1").fetchone() is None:
            raise InputError(f"{given.where} has no rows. Give a file with at least one conversation.")
        _allowed(f"{given.where}: column", [n for n in mapped.values() if not given.column(n)], given.types)
        chosen = _choose(given, mapped, source)
        user_id = "user_id" if privacy_unit == "user" else "conversation_id"
        con.execute(f"create schema if not exists {_identifier(schema)}")
        con.execute(
            f"create or replace table {table} as with raw as ({_raw(given, chosen, mapped)})\n"
            f"select * replace ({user_id} as user_id) from (\n{chosen.sql}\n)"
        )
    try:
        rows, metadata = _inspected(con, table, given.where)
        _allowed(f"{given.where}: breakdown", breakdowns := tuple(breakdowns), metadata)
    except InputError:
        con.execute(f"drop table {table}")
        raise
    return Source(chosen.name, rows, privacy_unit, breakdowns, metadata, tuple(given.types))


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


def _allowed(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Raises unless all that is given is allowed."""
    allowed = tuple(allowed)
    for name in given:
        if name not in allowed:
            there = ", ".join(allowed) or "nothing"
            raise InputError(f"{what}: {name!r} is not there. There is: {there}. Choose one of them.")


def _choose(given: Input, mapped: Mapping[str, str], source: str | None) -> Adapter:
    """The named adapter, or the first that fits by itself; InputError if there is none."""
    adapters = [adapter(name) for name in ([source] if source else FORMATS)]
    for each in adapters:
        if each.reads(given, mapped) and (source or each.is_told(given, mapped)):
            return each
    wanted = [f"  {each.name}: {', '.join(each.wanted())}" for each in adapters]
    raise InputError(
        f"{given.where}: its columns are not those of {source or 'any known format'}.\n"
        f"found: {', '.join(given.types)}\nwanted:\n" + "\n".join(wanted) + "\n"
        f"Map your columns ({', '.join(MAPPABLE)}), for example --messages-column chat --id-column chat_id."
    )


def _raw(given: Input, adapter: Adapter, mapped: Mapping[str, str]) -> str:
    """The query of the relation `raw` that the adapter reads."""
    types = given.types
    items = {item: item.find(given, mapped) for item in (*adapter.needs, *adapter.optional)}
    selected = ", ".join(f"{_as(item.kind, name, types)} as {item.name}" for item, name in items.items())
    rest = [name for name in types if name not in items.values() and not _nested(types[name])]
    names = ", ".join(map(_literal, rest))
    values = ", ".join(_as("scalar", name, types) for name in rest)
    metadata = f"map([{names}]::varchar[], [{values}]::varchar[]) as metadata"
    return (
        f"select {selected}, {POSITION} as position, {metadata} "
        f"from (select *, row_number() over () as {POSITION} from {given.relation})"
    )


def _nested(type_: str) -> bool:
    """Whether values of that type have no plain text: lists, structs, maps."""
    return type_.endswith("]") or type_.startswith(("STRUCT(", "MAP(", "UNION("))


def _as(kind: str, name: str | None, types: Mapping[str, str]) -> str:
    """The expression that reads a column as a kind; `scalar` is text, but NULL where JSON is nested."""
    if name is None:
        return {"text": "null::varchar", "time": "null::timestamp"}.get(kind, "null::json")
    column, type_ = _identifier(name), types[name]
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
        when {number} is not null then make_timestamp(({number} *
            case when abs({number}) < 1e11 then 1e6 when abs({number}) < 1e14 then 1e3 else 1 end)::bigint)
        -- a cast to timestamp drops the offset
        when regexp_matches({text}, ':.*[+-]\\d\\d(:?\\d\\d)?$')
            then make_timestamp(epoch_us(try_cast({text} as timestamptz)))
        else try_cast({text} as timestamp) end"""


def _inspected(con: duckdb.DuckDBPyConnection, table: str, where: str) -> tuple[int, tuple[str, ...]]:
    """Rows and metadata names of the table. Raises InputError if no row has a text or none has a user."""
    rows, users, texts = con.execute(
        f"""select count(*), count(user_id),
            count_if(len(list_filter(messages, lambda m: m.content != '')) > 0) from {table}"""
    ).fetchone()  # type: ignore[misc]
    if not texts:
        raise InputError(
            f"{where}: none of its {rows} conversations has a message with text. Messages must be a list "
            'of {"role": ..., "content": ...}. Map the right column (--messages-column) or name the format '
            f"(--source: {', '.join(FORMATS)})."
        )
    if not users:
        raise InputError(
            f"{where}: no row has a user id, so no cluster could be shown to be shared by enough people. "
            "Map a column (--user-column NAME), or state that each conversation counts as a person "
            "(--privacy-unit conversation)."
        )
    names = con.execute(f"select distinct unnest(map_keys(metadata)) from {table} order by all").fetchall()
    return rows, tuple(name for (name,) in names)


@contextmanager
def _opened(con: duckdb.DuckDBPyConnection, path: str) -> Iterator[Input]:
    """The input, open. What DuckDB cannot read of it, within the block too, becomes an InputError."""
    file, _, table = path.partition("::")
    paths, where = _files(file), Path(file).name
    kinds = {_kind(each) for each in paths}
    kind = kinds.pop()
    if kinds or not kind or (kind == "duckdb" and len(paths) > 1):
        raise InputError(f"{where}: not a kind that can be read. Allowed: {ALLOWED}. Convert or rename it.")
    try:
        if kind == "duckdb":
            with _attached(con, paths[0], where) as alias:
                relation = _table(con, alias, table, where)
                yield Input(where, relation, _types(con, relation))
        else:
            relation, types = _scan(con, kind, paths, file)
            yield Input(where, relation, _types(con, relation) | types)
    except UNREADABLE as error:
        if any(words in str(error) for words in ("read-only mode", "No space left")):
            raise  # about the database that is written to
        raise InputError(f"{where}: {_reason(error, kind, paths)}") from None


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, path: str, where: str) -> Iterator[str]:
    """The catalog of a DuckDB file, attached read-only."""
    alias = f"clio_input_{uuid4().hex}"  # not the file's stem, which may equal a schema in it
    try:
        con.execute(f"attach {_literal(path)} as {alias} (read_only)")
    except duckdb.Error as error:
        what = "it cannot be opened as a DuckDB database. Is it one, and is the file whole?"
        if "lock" in str(error):
            what = "another process has it locked for writing, so none can read. Close it there, or copy it."
        if "already attached" in str(error):
            what = "this process has it open already. Close that connection, or copy the file."
        raise InputError(f"{where}: {what}") from None
    try:
        yield alias
    finally:
        con.execute(f"detach {alias}")


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return dict(con.execute(f"select column_name, column_type from (describe from {relation})").fetchall())


def _files(path: str) -> list[str]:
    """The files of a path, a folder of Parquet or a glob, in order of their names. Raises InputError."""
    folder = Path(path)
    if folder.is_dir():
        paths = sorted(map(str, folder.rglob("*.parquet")))
    else:
        paths = [path] if folder.is_file() else sorted(glob.glob(path, recursive=True))
    if not paths:
        what = "the folder has no .parquet file" if folder.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}. Allowed: {ALLOWED}. Check the path.")
    for each in paths:
        if not Path(each).stat().st_size:
            raise InputError(f"{Path(each).name} is empty (0 bytes). Give one with a conversation in it.")
    return paths


def _kind(path: str) -> str:
    """parquet, json, csv or duckdb by a file's name, '' if it is none of them."""
    kind = KINDS.get(Path(path.removesuffix(".gz")).suffix.lower(), "")
    return kind if kind in ("json", "csv") or not path.endswith(".gz") else ""


def _scan(
    con: duckdb.DuckDBPyConnection, kind: str, paths: list[str], given: str
) -> tuple[str, dict[str, str]]:
    """The table function that reads the files, and the types of nested columns it returns as JSON."""
    listed = "[" + ", ".join(_literal(re.sub(r"([*?\[])", r"[\1]", each)) for each in paths) + "]"
    if kind == "parquet":
        hive = any("=" in each.removeprefix(given) for each in paths)  # folders like plan=pro within it
        return f"read_parquet({listed}, union_by_name=true, hive_partitioning={hive})", {}
    if kind == "csv":
        options = f"""all_varchar=true, header=true, quote='"', escape='"', max_line_size={LONGEST}"""
        return f"read_csv({listed}, union_by_name=true, {options})", {}
    # A type guessed from some values changes others (a date's text): each column is read as JSON. All
    # rows are looked at first, so that a key of the last one is not missed, and to know what is nested.
    options = f"maximum_object_size={LONGEST}"
    look = f"read_json({listed}, union_by_name=true, sample_size=-1, maximum_depth=2, {options})"
    types = _types(con, look)
    columns = ", ".join(f"{_literal(name)}: 'JSON'" for name in types)
    nested = {name: type_ for name, type_ in types.items() if _nested(type_)}
    return f"read_json({listed}, columns={{{columns}}}, {options})", nested


def _table(con: duckdb.DuckDBPyConnection, alias: str, table: str, where: str) -> str:
    """The named table or view of the attached file, or its only one. Raises InputError that lists them."""
    query = "select table_schema, table_name from information_schema.tables where table_catalog = ?"
    tables = con.execute(f"{query} order by all", [alias]).fetchall()
    matching = [each for each in tables if table in ("", each[1], ".".join(each))]
    if len(matching) == 1:
        return ".".join(map(_identifier, (alias, *matching[0])))
    which = f"{table!r} is not one of its tables" if table else "which table?"
    there = ", ".join(map(".".join, tables)) or "no table"
    raise InputError(f"{where}: {which} There is: {there}. Give it as {where}::schema.table.")


def _reason(error: duckdb.Error, kind: str, paths: list[str]) -> str:
    """What is wrong and what to do, without DuckDB's text, which may quote a conversation."""
    text = str(error)
    if row := re.search(rf"{NOT_A_LIST} (\d+)", text):
        return (
            f"row {row[1]}: its messages are not a JSON list. Allowed: a list such as "
            '[{"role": "user", "content": "..."}]. From Python, write them with json.dumps or as Parquet.'
        )
    if kind in ("json", "csv") and (line := _bad_line(paths)):
        return f"line {line} is not UTF-8. Convert the file, for example by iconv -f CP1252 -t UTF-8."
    if "maximum_object_size" in text or "aximum line size" in text:
        return f"a row is longer than {LONGEST} bytes. Shorten or split it, or give the input as Parquet."
    line = re.search(r"(?:[Ll]ine|record/value):? (\d+)", text)
    near = f", near line {line[1]}" if line and kind in ("json", "csv") else ""
    return f"it cannot be read as {kind} ({type(error).__name__}{near}). Is it whole, and of this format?"


def _bad_line(paths: list[str]) -> int | None:
    """The number of the first line that is not UTF-8, read line by line."""
    for path in paths:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return number
    return None


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
