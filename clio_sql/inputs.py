"""Opens an input: a file, a folder or glob of Parquet, or a table of a DuckDB file or a PostgreSQL database."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb

from clio_sql import postgres
from clio_sql.errors import InputError
from clio_sql.lines import not_utf8, uneven
from clio_sql.quoting import identifier, literal

KINDS = {
    ".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".csv": "csv", ".tsv": "csv", ".duckdb": "duckdb", ".ddb": "duckdb", ".db": "duckdb",
}  # fmt: skip
ALLOWED = ".parquet, .jsonl, .ndjson, .json, .csv, .tsv (text also .gz), a folder of Parquet, "
ALLOWED += ".duckdb::schema.table, postgresql://user@host/database::schema.table"
UNREADABLE = (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException)
NOT_A_LIST = "clio-sql: not a list: row"
NO_HEADER = " The first line of a CSV file must name its columns."
FILE = "clio-sql file"  # the column of the path of a row's file, where the input is files
LOOKED_AT = 1_000  # rows that are looked at for a key within a column
LONGEST = 64 * 2**20  # bytes of one JSON object or CSV line; DuckDB buffers twice this a thread


@dataclass(frozen=True)
class Place:
    """Where something is in a row: a column, and a JSON path within it, '' for the whole column."""

    column: str
    path: str = ""


@dataclass(frozen=True)
class Input:
    """An open input: what to select from, its columns with their types, and its name in errors."""

    where: str
    relation: str
    types: dict[str, str]
    hint: str = ""  # said with an error about its columns
    files: tuple[str, ...] = ()  # whose paths are in the column FILE, which is not one of `types`
    # Reads the rows from elsewhere into `relation`: (column of the time or None, since, until)
    load: Callable[[str | None, str, str], None] | None = None
    # Whether a JSON path of a column, given as SQL, leads to something in one of the first rows
    holds: Callable[[str, str], bool] = lambda json, path: False

    def column(self, name: str) -> str | None:
        """The column of that name, spelled as in the input, or None.

        Where none has it exactly, case does not count, then neither do `_`, `-`, `.` and blanks.
        """
        for alike in (str, str.lower, _letters):
            if found := next((each for each in self.types if alike(each) == alike(name) != ""), None):
                return found
        return None

    def place(self, name: str) -> Place | None:
        """Where the input has what goes by that name: a column, or `a.b`, the key b within the column a."""
        if (column := self.column(name)) is not None:
            return Place(column)
        for dot in [each.start() for each in re.finditer("[.]", name)]:
            column, keys = self.column(name[:dot]), name[dot + 1 :]
            for path in (f'$."{keys}"', "$" + "".join(f'."{key}"' for key in keys.split("."))) if column else ():
                if self.holds(as_json(column, self.types[column]), path):
                    return Place(column, path)
        return None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def as_json(name: str, type_: str) -> str:
    """SQL: a column as JSON; text that is a JSON list or object, also in a JSON string, as what it holds."""
    return json_of(identifier(name), type_)


def json_of(column: str, type_: str) -> str:
    """SQL: as `as_json`, of an expression."""
    if type_ not in ("JSON", "VARCHAR"):
        return f"to_json({column})"
    text = f"({column} ->> '$')" if type_ == "JSON" else column
    string = f"json_type({column}) = 'VARCHAR'" if type_ == "JSON" else "true"
    return f"if({string} and ltrim({text})[1] in ('[', '{{') and json_valid({text}), {text}::json, to_json({column}))"


def names(given: Iterable[str]) -> str:
    """Column names for an error, at most 60. What looks like a text is not quoted: a file may have no header."""
    given = list(given)
    shown = [name if _is_name(name) else f"(a text of {len(name)} characters)" for name in given[:60]]
    return ", ".join([*shown, f"… {len(given) - 60} more"] if len(given) > 60 else shown)


def _is_name(text: str) -> bool:
    return len(text) <= 40 and text.isprintable() and text.count(" ") <= 2


def found(path: str) -> tuple[list[str], str]:
    """The files of an input in order of their names, and their kind. Opens none. Raises InputError."""
    if postgres.is_url(path):
        return [], "postgres"
    file = path.partition("::")[0]
    try:
        paths = _files(file)
    except OSError as error:
        raise InputError(f"{_name(file)}: it cannot be looked at ({error.strerror}). Check the path.") from None
    kinds = {_kind(each) for each in paths}
    kind = kinds.pop()
    if kinds or not kind or (kind == "duckdb" and len(paths) > 1):
        raise InputError(f"{_name(file)}: not a kind that can be read. Allowed: {ALLOWED}. Convert or rename it.")
    return paths, kind


def _name(path: str) -> str:
    name = Path(path).name or path or "''"
    return "".join(char if char.isprintable() else "?" for char in name)


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, path: str) -> Iterator[Input]:
    """The input, open. What DuckDB cannot read of it, within the block too, becomes an InputError."""
    paths, kind = found(path)
    file, _, table = path.partition("::")
    where = _name(file)
    try:
        if kind == "postgres":
            with _postgres(con, path) as given:
                yield given
        elif kind == "duckdb":
            with _attached(con, paths[0], where) as alias:
                relation = _table(con, alias, table, where)
                yield Input(where, relation, _types(con, relation), holds=_holds(con, relation))
        else:
            relation, types = _scan(con, kind, paths, file)
            types = _types(con, relation) | types
            del types[FILE]
            hint = NO_HEADER if kind == "csv" else ""
            yield Input(where, relation, types, hint, tuple(paths), holds=_holds(con, relation))
    except UNREADABLE as error:
        if any(words in str(error) for words in ("read-only mode", "No space left")):
            raise  # about the database that is written to
        where = postgres.where(path) if kind == "postgres" else where
        raise InputError(f"{where}: {_reason(error, kind, paths)}") from None


@contextmanager
def _postgres(con: duckdb.DuckDBPyConnection, path: str) -> Iterator[Input]:
    """A table of a PostgreSQL database, read once into a temporary one when its format is known."""
    copy = f"clio_input_{uuid4().hex}"
    with postgres.opened(path) as table:
        types = {name: type_ for name, (_, type_) in table.columns.items()}
        con.execute(f"create temp table {copy} ({', '.join(f'{identifier(name)} {types[name]}' for name in types)})")
        try:
            yield Input(
                postgres.where(path), copy, types,
                load=lambda time, since, until: table.copy(con, copy, time, since, until),
            )  # fmt: skip
        finally:
            con.execute(f"drop table if exists {copy}")


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, path: str, where: str) -> Iterator[str]:
    """The catalog of a DuckDB file, attached read-only."""
    alias = f"clio_input_{uuid4().hex}"  # not the file's stem, which may equal a schema in it
    try:
        con.execute(f"attach {literal(path)} as {alias} (read_only)")
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


def _holds(con: duckdb.DuckDBPyConnection, relation: str) -> Callable[[str, str], bool]:
    """See `Input.holds`."""

    def holds(json: str, path: str) -> bool:
        found = f"coalesce(json_type({json}, {literal(path)}), 'NULL') <> 'NULL'"
        query = f"select bool_or({found}) from (from {relation} limit {LOOKED_AT})"
        return con.execute(query).fetchall() == [(True,)]

    return holds


def _files(path: str) -> list[str]:
    """The files of a path, a folder of Parquet or a glob, in order of their names. Raises InputError."""
    folder = Path(path)
    if path and folder.is_dir():
        paths = sorted(map(str, folder.rglob("*.parquet")))
    else:
        paths = [path] if folder.is_file() else sorted(glob.glob(path, recursive=True))
    if not paths:
        what = "the folder has no .parquet file" if path and folder.is_dir() else "there is no such file"
        raise InputError(f"{_name(path)}: {what}. Allowed: {ALLOWED}. Check the path.")
    for each in paths:
        if not Path(each).stat().st_size:
            raise InputError(f"{Path(each).name} is empty (0 bytes). Give one with a conversation in it.")
    return paths


def _kind(path: str) -> str:
    """parquet, json, csv or duckdb by a file's name, '' if it is none of them."""
    kind = KINDS.get(Path(path.removesuffix(".gz")).suffix.lower(), "")
    return kind if kind in ("json", "csv") or not path.endswith(".gz") else ""


def _scan(con: duckdb.DuckDBPyConnection, kind: str, paths: list[str], given: str) -> tuple[str, dict[str, str]]:
    """The table function that reads the files, and the types of nested columns it returns as JSON."""
    listed = "[" + ", ".join(literal(re.sub(r"([*?\[])", r"[\1]", each)) for each in paths) + "]"
    named = f"filename={literal(FILE)}"
    if kind == "parquet":
        hive = any("=" in each.removeprefix(given) for each in paths)  # folders like plan=pro within it
        return f"read_parquet({listed}, union_by_name=true, hive_partitioning={hive}, {named})", {}
    if kind == "csv":
        # skip, comment: or lines before a longer one, and lines that begin with #, would be lost in silence
        options = """all_varchar=true, header=true, skip=0, comment='', quote='"', escape='"'"""
        relation = f"read_csv({listed}, union_by_name=true, {options}, max_line_size={LONGEST}, {named})"
        _require_even(con, relation, paths, _name(given))
        return relation, {}
    # A type guessed from some values changes others (a date's text): each column is read as JSON. All
    # rows are looked at first, so that a key of the last one is not missed, and to know what is nested.
    options = f"maximum_object_size={LONGEST}"
    look = f"read_json({listed}, union_by_name=true, sample_size=-1, maximum_depth=2, {options})"
    types = _types(con, look)
    columns = ", ".join(f"{literal(name)}: 'JSON'" for name in types)
    as_json = {name: type_ for name, type_ in types.items() if nested(type_)}
    return f"read_json({listed}, columns={{{columns}}}, {options}, {named})", as_json


def _require_even(con: duckdb.DuckDBPyConnection, relation: str, paths: list[str], where: str) -> None:
    """DuckDB takes each line of a CSV file for one value where some line has too few or too many: say which."""
    columns = [name for name in _types(con, relation) if name != FILE]
    delimiter = re.search(r"[,;\t|]", columns[0])
    if len(columns) == 1 and delimiter and (wrong := uneven(paths, delimiter[0])):
        raise InputError(f"{where}: {wrong} Is a {delimiter[0]!r} outside quotes, or a quote not closed? Correct it.")


def _table(con: duckdb.DuckDBPyConnection, alias: str, table: str, where: str) -> str:
    """The named table or view of the attached file, or its only one. Raises InputError that lists them."""
    query = "select table_schema, table_name from information_schema.tables where table_catalog = ?"
    tables = con.execute(f"{query} order by all", [alias]).fetchall()
    matching = [each for each in tables if table in ("", each[1], ".".join(each))]
    if len(matching) == 1:
        return ".".join(map(identifier, (alias, *matching[0])))
    which = f"{table!r} is not one of its tables." if table else "which table?"
    there = ", ".join(map(".".join, tables)) or "no table"
    raise InputError(f"{where}: {which} There is: {there}. Give it as {where}::schema.table.")


def _reason(error: duckdb.Error, kind: str, paths: list[str]) -> str:
    """What is wrong and what to do, without DuckDB's text, which may quote a conversation."""
    text = str(error)
    if row := re.search(rf"{NOT_A_LIST} (\d+(?: of those in the time range)?)", text):
        return (
            f"row {row[1]}: its messages are not a JSON list. Allowed: a list such as "
            '[{"role": "user", "content": "..."}]. From Python, write them with json.dumps or as Parquet.'
        )
    if kind in ("json", "csv") and (line := not_utf8(paths)):
        return f"line {line} is not UTF-8. Convert the file, for example by iconv -f CP1252 -t UTF-8."
    if "maximum_object_size" in text or "aximum line size of" in text:
        return f"a row is longer than {LONGEST} bytes. Shorten or split it, or give the input as Parquet."
    place = re.search(r"(?:[Ll]ine|record/value):? (\d+)", text)
    near = f", near line {place[1]}" if place and kind in ("json", "csv") else ""
    return f"it cannot be read as {kind} ({type(error).__name__}{near}). Is it whole, and of this format?"


def nested(type_: str) -> bool:
    """Whether values of that type have no plain text: lists, structs, maps."""
    return type_.endswith("]") or type_.startswith(("STRUCT(", "MAP(", "UNION("))
