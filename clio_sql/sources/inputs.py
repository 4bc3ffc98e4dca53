"""Opens an input: text or Parquet files, a .zip, or a table of a DuckDB or SQLite file or a PostgreSQL database.

Text files are read by DuckDB. If it fails on one, `Stumbled` is raised, and a second, careful reading goes
through `text_files`, which finds and counts the bad rows.
"""

from __future__ import annotations

import glob
import gzip
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import duckdb

from clio_sql.errors import InputError, unwritten
from clio_sql.errors.quotable import are_data, names
from clio_sql.sources import foreign, packed, postgres, text_files
from clio_sql.sources.limits import Limits
from clio_sql.sql_text.quoting import identifier, literal

KINDS = {
    ".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "csv",
    ".zip": "zip", ".duckdb": "database", ".ddb": "database", ".db": "database", ".sqlite": "database",
    ".sqlite3": "database",
}  # fmt: skip
TEXT = tuple(suffix for suffix, kind in KINDS.items() if kind in ("json", "csv"))
FILES = (*TEXT, ".parquet")
ALLOWED = (
    ".parquet, .jsonl, .ndjson, .json, .csv, .tsv (text also .gz), a folder or glob of one kind of them, a .zip of "
)
ALLOWED += "one, .duckdb::schema.table, .db::table of SQLite, postgresql://user@host/database::schema.table"
UNREADABLE = (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException)
NOT_A_LIST = "clio-sql: not a list: row"
NO_HEADER = " The first line of a CSV file must name its columns."
FILE = "clio-sql file"  # the column with the path of a row's file, if the input is files
LOOKED_AT = 1_000  # rows that are checked for a key within a column, or for how dates are written


class Stumbled(InputError):
    """DuckDB cannot read the files as they are; a careful reading can find the bad rows."""


@dataclass(frozen=True)
class Reading:
    """How files are read. careful: row by row, bad ones left out, as many as max_bad_rows (None: 10 or 1%) allows."""

    encoding: str | None = None
    max_bad_rows: int | None = None
    allow_views: bool = False
    limits: Limits = field(default_factory=Limits)
    careful: bool = False


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
    hint: str = ""  # added to an error about its columns
    files: tuple[str, ...] = ()  # whose paths are in the column FILE, which is not in `types`
    # Reads the rows from elsewhere into `relation`: (column of the time or None, since, until)
    load: Callable[[str | None, str, str], None] | None = None
    # Whether a condition, given as SQL, is true for one of the first rows, that many of them, or of all if None
    any: Callable[[str, int | None], bool] = lambda condition, rows: False
    bad: text_files.BadRows | None = None  # of a careful reading

    def holds(self, json: str, path: str) -> bool:
        """Whether a path of JSON, given as SQL, has a value in one of the first rows."""
        return self.any(f"coalesce(json_type({json}, {literal(path)}), 'NULL') <> 'NULL'", LOOKED_AT)

    def column(self, name: str) -> str | None:
        """The column of that name, spelled as in the input, or None.

        If none matches exactly, case is ignored, then also `_`, `-`, `.` and spaces.
        """
        for alike in (str, str.lower, _letters):
            if found := next((each for each in self.types if alike(each) == alike(name) != ""), None):
                return found
        return None

    def place(self, name: str) -> Place | None:
        """Where the input has that name: a column, or `a.b`, the key b within the column a."""
        if (column := self.column(name)) is not None:
            return Place(column)
        for dot in [each.start() for each in re.finditer("[.]", name)]:
            if (column := self.column(name[:dot])) is None:
                continue
            keys = name[dot + 1 :]
            for path in (f'$."{keys}"', "$" + "".join(f'."{key}"' for key in keys.split("."))):
                if self.holds(as_json(column, self.types[column]), path):
                    return Place(column, path)
        return None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def as_json(name: str, type_: str) -> str:
    """SQL: a column as JSON; text that is a JSON list or object, also within a JSON string, as that list or object."""
    return json_of(identifier(name), type_)


def json_of(column: str, type_: str) -> str:
    """SQL: as `as_json`, for an expression."""
    if type_ not in ("JSON", "VARCHAR"):
        return f"to_json({column})"
    text = f"({column} ->> '$')" if type_ == "JSON" else column
    string = f"json_type({column}) = 'VARCHAR'" if type_ == "JSON" else "true"
    return f"""case
        when not {string} then to_json({column})
        when ltrim({text})[1] in ('[', '{{') and json_valid({text}) then {text}::json
        -- a table of JSON that was written as text twice
        when regexp_matches({text}, '^\\s*"\\s*[\\[{{]') and json_valid({text}) and json_valid({text}::json ->> '$')
            then ({text}::json ->> '$')::json
        else to_json({column})
    end"""


def found(path: str) -> tuple[list[str], str]:
    """The files of an input in order of their names, and their kind. Opens none. Raises InputError."""
    if postgres.is_url(path):
        return [], "postgres"
    file = path.partition("::")[0]
    try:
        paths = _files(file)
    except OSError as error:
        raise InputError(f"{_name(file)}: it cannot be looked at ({error.strerror}). Check the path.") from None
    kinds = sorted({_kind(each) for each in paths})
    if len(kinds) > 1 and all(kinds):
        raise InputError(f"{_name(file)}: files of {len(kinds)} kinds, {', '.join(kinds)}. Give one kind, as a glob.")
    kind = kinds[0]
    if len(kinds) > 1 or not kind or (kind in ("database", "zip") and len(paths) > 1):
        raise InputError(f"{_name(file)}: not a kind that can be read. Allowed: {ALLOWED}. Convert or rename it.")
    return paths, kind


def _name(path: str) -> str:
    name = Path(path).name or path or "''"
    return "".join(char if char.isprintable() else "?" for char in name)


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, path: str, reading: Reading | None = None) -> Iterator[Input]:
    """Open the input. Anything DuckDB cannot read, also within the block, becomes an InputError.

    Raises Stumbled if a careful reading may find the bad rows.
    """
    reading = reading or Reading()
    paths, kind = found(path)
    file, _, table = path.partition("::")
    where = postgres.where(path) if kind == "postgres" else _name(file)
    try:
        if kind == "postgres":
            with _postgres(con, path, reading) as given:
                yield given
        elif kind == "database":
            with _foreign(con, paths[0], table, where, reading) as given:
                yield given
        else:
            with _private_folder(con) as folder:
                yield _files_opened(con, kind, paths, file, table, reading, folder)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError(f"{where}: it cannot be unpacked. Is it whole?") from None
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, UNREADABLE):
            raise
        if any(words in str(error) for words in ("read-only mode", "No space left")):
            raise  # about the database that is written to
        refused = InputError if reading.careful else _refusal(error, kind)
        raise refused(f"{where}: {_reason(error, kind, reading.limits)}") from None


def _refusal(error: duckdb.Error, kind: str) -> type[InputError]:
    """The error to raise: Stumbled if reading row by row may help."""
    text = str(error)
    too_long = "maximum_object_size" in text or "aximum line size of" in text
    return Stumbled if NOT_A_LIST in text or (kind in ("json", "csv", "zip") and not too_long) else InputError


def _files_opened(
    con: duckdb.DuckDBPyConnection, kind: str, paths: list[str], file: str, member: str, reading: Reading, folder: Path
) -> Input:
    """Text or Parquet files; those that must be rewritten first are put into `folder`."""
    limits, where, given = reading.limits, _name(file), paths
    if kind == "zip":
        paths = [packed.member(paths[0], member, FILES, folder, limits.max_expansion)]
        kind = _kind(paths[0])
    for each in paths:
        if each.endswith(".gz"):
            packed.require_small(each, limits.max_expansion)
    bad = None
    if kind == "parquet":
        _require_small_parquet(con, paths, where, limits)
    elif reading.careful or reading.encoding or any(map(_is_foreign_text, paths)):
        _require_header(kind, paths, reading)
        bad = text_files.BadRows(several=len(paths) > 1)
        paths = _cleaned(kind, paths, reading, folder, bad)
        bad.require(where, bad.rows, reading.max_bad_rows)
    else:
        _require_header(kind, paths, reading)
    relation, types = _scan(con, kind, paths, file, limits, clean=bad is not None)
    found = _types(con, relation) | types
    del found[FILE]
    limits.require_few(where, found)
    if paths != given:  # rows still belong to the given files
        names = f"map({_texts(paths)}, {_texts(given)})"
        relation = f"(select * replace ({names}[{identifier(FILE)}] as {identifier(FILE)}) from {relation})"
    hint = NO_HEADER if kind == "csv" else ""
    return Input(where, relation, found, hint, tuple(given), any=anywhere(con, relation), bad=bad)


def _is_foreign_text(path: str) -> bool:
    """Whether a text file is in UTF-16, or a CSV file that begins with its separator."""
    return text_files.encoding(path).startswith("utf-16") or bool(text_files.separator(path))


def _cleaned(kind: str, paths: list[str], reading: Reading, folder: Path, bad: text_files.BadRows) -> list[str]:
    written = []
    for number, each in enumerate(paths):
        target = folder / f"clean{number}.{'csv' if kind == 'csv' else 'jsonl'}"
        try:
            text_files.clean(each, target, kind, reading.encoding, reading.limits.max_row_bytes, bad)
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise unwritten(folder.parent, error, "Give another --into.") from None
        written.append(str(target))
    return written


def _require_header(kind: str, paths: list[str], reading: Reading) -> None:
    """Raises InputError if the first line of a CSV file is data, or two of its names differ only in case."""
    for path in paths if kind == "csv" else ():
        header = text_files.header(path, reading.encoding, reading.limits.max_row_bytes)
        reading.limits.require_few(_name(path), header)
        if are_data(header):
            raise InputError(
                f"{_name(path)}: its first line is not a header: one of its {len(header)} values is a number, a time, "
                "an address or a sentence. The first line of a CSV file must name its columns. Write one above it."
            )
        require_distinct(_name(path), header)


def require_distinct(where: str, columns: Iterable[str]) -> None:
    """Raises InputError if two names differ only in case: SQL cannot distinguish them."""
    seen: dict[str, str] = {}
    for name in columns:
        if seen.setdefault(name.lower(), name) != name:
            raise InputError(
                f"{where}: the columns {names(sorted((seen[name.lower()], name)))} differ only by upper and lower "
                "case, which SQL does not distinguish. Rename one."
            )


@contextmanager
def _private_folder(con: duckdb.DuckDBPyConnection) -> Iterator[Path]:
    """A folder that only its owner may enter, next to the database if that is a file; removed at the end.

    Folders left by killed processes are removed too: the lock of the database allows only one process.
    """
    query = "select path, readonly from duckdb_databases() where database_name = current_database()"
    ((path, readonly),) = con.execute(query).fetchall()
    beside = Path(path) if path and not readonly else None
    prefix = f".{beside.stem}-input-" if beside else "clio-sql-input-"
    for left in beside.parent.glob(f"{prefix}*") if beside else ():
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=beside.parent if beside else None) as folder:
        yield Path(folder)


@contextmanager
def _foreign(con: duckdb.DuckDBPyConnection, path: str, table: str, where: str, reading: Reading) -> Iterator[Input]:
    """A table of a DuckDB or SQLite file, read once into a temporary one."""
    copy = f"clio_input_{uuid4().hex}"
    _require_not_open(con, path, where)
    try:
        types = foreign.copied(con, copy, path, table, where, reading.allow_views, reading.limits)
        yield Input(where, copy, types, any=anywhere(con, copy))
    finally:
        con.execute(f"drop table if exists {copy}")


def _require_not_open(con: duckdb.DuckDBPyConnection, path: str, where: str) -> None:
    open_here = con.execute("select path from duckdb_databases() where path is not null").fetchall()
    if any(Path(each).exists() and Path(path).samefile(each) for (each,) in open_here):
        raise InputError(f"{where}: this process has it open already. Close that connection, or copy the file.")


@contextmanager
def _postgres(con: duckdb.DuckDBPyConnection, path: str, reading: Reading) -> Iterator[Input]:
    """A table of a PostgreSQL database, read once into a temporary one when its format is known."""
    copy = f"clio_input_{uuid4().hex}"
    with postgres.opened(path) as table:
        types = {name: type_ for name, (_, type_) in table.columns.items()}
        reading.limits.require_few(postgres.where(path), types)
        require_distinct(postgres.where(path), types)
        con.execute(f"create temp table {copy} ({', '.join(f'{identifier(name)} {types[name]}' for name in types)})")
        try:
            yield Input(
                postgres.where(path), copy, types,
                load=lambda time, since, until: table.copy(con, copy, time, since, until),
            )  # fmt: skip
        finally:
            con.execute(f"drop table if exists {copy}")


def _types(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return dict(con.execute(f"select column_name, column_type from (describe from {relation})").fetchall())


def anywhere(con: duckdb.DuckDBPyConnection, relation: str) -> Callable[[str, int | None], bool]:
    """See `Input.any`."""

    def any_(condition: str, rows: int | None) -> bool:
        limit = "" if rows is None else f" limit {rows}"
        return con.execute(f"select bool_or({condition}) from (from {relation}{limit})").fetchall() == [(True,)]

    return any_


def _files(path: str) -> list[str]:
    """The files of a path, a folder or a glob, in order of their names. Raises InputError."""
    folder = Path(path)
    if path and folder.is_dir():
        paths = sorted(str(each) for each in folder.rglob("*") if _is_input(each, folder))
    else:
        paths = [path] if folder.is_file() else sorted(glob.glob(path, recursive=True))
    if not paths:
        what = "the folder has no file of these" if path and folder.is_dir() else "there is no such file"
        raise InputError(f"{_name(path)}: {what}. Allowed: {ALLOWED}. Check the path.")
    held = [each for each in paths if Path(each).stat().st_size]  # tools leave empty files among the others
    if not held:
        raise InputError(f"{Path(paths[0]).name} is empty (0 bytes). Give one with a conversation in it.")
    return held


def _is_input(file: Path, folder: Path) -> bool:
    """Whether a file of a folder is data: of a readable kind, and not put there by a tool."""
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return not hidden and file.is_file() and _kind(str(file)) in ("json", "csv", "parquet")


def _kind(path: str) -> str:
    """parquet, json, csv, zip or database by a file's name, '' if it is none of them."""
    kind = KINDS.get(Path(path.removesuffix(".gz")).suffix.lower(), "")
    return kind if kind in ("json", "csv") or not path.endswith(".gz") else ""


def _texts(paths: list[str]) -> str:
    return "[" + ", ".join(map(literal, paths)) + "]"


def _listed(paths: list[str]) -> str:
    """Paths for a table function of DuckDB, which would treat a * in a name as a pattern."""
    return "[" + ", ".join(literal(re.sub(r"([*?\[])", r"[\1]", each)) for each in paths) + "]"


def _scan(
    con: duckdb.DuckDBPyConnection, kind: str, paths: list[str], given: str, limits: Limits, clean: bool
) -> tuple[str, dict[str, str]]:
    """The table function that reads the files, and the types of nested columns it returns as JSON."""
    listed = _listed(paths)
    named = f"filename={literal(FILE)}"
    if kind == "parquet":
        hive = any("=" in each.removeprefix(given) for each in paths)  # folders like plan=pro within it
        return f"read_parquet({listed}, union_by_name=true, hive_partitioning={hive}, {named})", {}
    if kind == "csv":
        # skip, comment: otherwise lines before a longer one, and lines that begin with #, would be lost silently
        options = """all_varchar=true, header=true, skip=0, comment='', quote='"', escape='"'"""
        options += ", delim=','" if clean else ""
        relation = f"read_csv({listed}, union_by_name=true, {options}, max_line_size={limits.max_row_bytes}, {named})"
        if not clean:
            _require_even(con, relation, _name(given))
        return relation, {}
    # A type guessed from some values changes others (a date's text), so each column is read as JSON.
    types = _keys(con, listed, _name(given), limits)
    columns = ", ".join(f"{literal(name)}: 'JSON'" for name in types or ["json"])
    as_json = {name: type_ for name, type_ in types.items() if nested(type_)}
    options = f"maximum_object_size={limits.max_row_bytes}"
    return f"read_json({listed}, columns={{{columns}}}, {options}, {named})", as_json


def _keys(con: duckdb.DuckDBPyConnection, listed: str, where: str, limits: Limits) -> dict[str, str]:
    """The keys of JSON objects with their types, in order. All rows are checked: a key may be only in the last one."""
    objects = f"read_json_objects({listed}, maximum_object_size={limits.max_row_bytes})"
    found = dict(con.execute(KEYS.format(objects)).fetchall())
    if found.pop(None, None):
        raise Stumbled(f"{where}: a row is not a JSON object.")
    limits.require_few(where, found)
    require_distinct(where, found)
    return found


# One row per key: JSON[] if it holds only lists or objects; the key NULL for non-objects. DuckDB's own detection
# of types takes quadratic time in the keys within a column, such as those of a tree of messages (12 s for 800 trees).
KEYS = """
    select key, if(bool_and(type in ('ARRAY', 'OBJECT', 'NULL')) and not bool_and(type = 'NULL'), 'JSON[]', 'JSON')
    from (
        select
            unnest(if(json_type(json) = 'OBJECT', json_keys(json), [null])) as key,
            unnest(if(json_type(json) = 'OBJECT', json_type(json, '$.*'), ['VARCHAR'])) as type,
            generate_subscripts(if(json_type(json) = 'OBJECT', json_keys(json), [null]), 1) as place
        from {}
        where json_type(json) != 'NULL'
    )
    group by key
    order by min(place), key"""


def _require_small_parquet(con: duckdb.DuckDBPyConnection, paths: list[str], where: str, limits: Limits) -> None:
    """Raises InputError if a file's metadata says that it becomes too large, or too wide, when it is read."""
    sizes = con.execute(
        "select file_name, sum(total_uncompressed_size), count(distinct path_in_schema) "
        f"from parquet_metadata({_listed(paths)}) group by all"
    ).fetchall()
    for path, size, _ in sizes:
        if size > max(packed.LEAST, limits.max_expansion * Path(path).stat().st_size):
            raise InputError(packed.TOO_MUCH.format(_name(path), limits.max_expansion))


def _require_even(con: duckdb.DuckDBPyConnection, relation: str, where: str) -> None:
    """Raises Stumbled if DuckDB takes each line for one value, as it does when some have too few or too many."""
    columns = [name for name in _types(con, relation) if name != FILE]
    if len(columns) == 1 and re.search(r"[,;\t|]", columns[0]):
        raise Stumbled(f"{where}: its lines have different numbers of values. Correct it.")


def _reason(error: duckdb.Error, kind: str, limits: Limits) -> str:
    """What is wrong and what to do, without DuckDB's text, which may quote a conversation."""
    text = str(error)
    if "maximum_object_size" in text or "aximum line size of" in text:
        return f"a row is longer than {limits.max_row_bytes:,} bytes. {text_files.LONGER} Parquet has no such limit."
    if NOT_A_LIST in text:
        return "its messages are not a JSON list."
    place = re.search(r"(?:[Ll]ine|record/value):? (\d+)", text)
    near = f", near line {place[1]}" if place and kind in ("json", "csv") else ""
    return f"it cannot be read as {kind} ({type(error).__name__}{near}). Is it whole, and of this format?"


def nested(type_: str) -> bool:
    """Whether values of that type have no plain text: lists, structs, maps."""
    return type_.endswith("]") or type_.startswith(("STRUCT(", "MAP(", "UNION("))
