"""The process that runs the queries of agents on a published file. It can be killed: some SQL cannot be interrupted.

A request and its answer are JSON: {sql, parameters, rows} comes in, {columns, rows, more} or {error} goes out.
"""

from __future__ import annotations

import json
import math
import resource
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql.errors import ClioError, InputError, SqlError
from clio_sql.errors.explained import said
from clio_sql.published.files import LOCK, PUBLISHED, open_file
from clio_sql.register import macro_text

ADDRESS_SPACE = 6 << 30  # bytes: what DuckDB does not count, such as one long text, ends this process alone
SETTINGS = ("set memory_limit = '1GB'", "set threads = 2", "set python_enable_replacements = false")
MACROS = ("clio_two_sided", "clio_compared", "clio_compare")  # SQL alone: no function of ours is there
LONGEST = 2_000  # characters of one text in an answer
ONE_SELECT = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class Limits(NamedTuple):
    """rows, characters: of an answer. seconds: of a query, by the clock."""

    rows: int = 200
    characters: int = 100_000
    seconds: float = 10


class Published:
    """The published file of a folder, opened again when a run has replaced it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / PUBLISHED
        self.opened: tuple[tuple[int, int, int], duckdb.DuckDBPyConnection] | None = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A locked connection to the file as it is now. InputError if there is none, or it is not one of ours."""
        try:
            stat = self.path.stat()
        except OSError:
            self.close()
            raise InputError(
                f"{self.path}: is not there. It was withdrawn, or no run has written it: "
                "clio-sql run INPUT --into OUT makes one."
            ) from None
        version = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self.opened is None or self.opened[0] != version:
            self.close()
            con = open_file(self.path, lock=False)
            tree = files("clio_sql.sql").joinpath("recipes", "tree.sql").read_text("utf-8")
            macros = map(macro_text, MACROS)
            for statement in (f"create temp view clio_tree as {tree}", *macros, *SETTINGS, LOCK):
                con.execute(statement)
            self.opened = version, con
        return self.opened[1]

    def close(self) -> None:
        if self.opened is not None:
            self.opened[1].close()
            self.opened = None


def serve(channel: Connection, folder: str, limits: Limits) -> None:
    """Answer the requests of a channel until it is closed."""
    with suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with closing(Published(Path(folder))) as published, suppress(EOFError):
        while True:
            asked = json.loads(channel.recv_bytes())
            channel.send_bytes(json.dumps(answer(published, limits, **asked)).encode())


def answer(
    published: Published, limits: Limits, sql: str, parameters: Mapping[str, object], rows: int
) -> dict[str, Any]:
    """The result of one select, as far as the limits allow, or what is wrong with it."""
    try:
        con = published.connection()
        statement = _one_select(con, sql)
        with _interrupted(con, limits.seconds):
            con.execute(statement, dict(parameters))
            return _fetched(con, min(rows, limits.rows), limits.characters)
    except ClioError as error:
        return {"error": str(error)}
    except duckdb.InterruptException:
        return {"error": out_of_time(limits)}
    except (duckdb.OutOfMemoryException, MemoryError):
        return {"error": "the query needs too much memory. Aggregate or filter more."}
    except duckdb.PermissionException:
        return {"error": "only the published tables can be read: files, settings and extensions are out of reach."}
    except duckdb.Error as error:
        return {"error": said(error)}


def out_of_time(limits: Limits) -> str:
    return f"the query took longer than {limits.seconds:g} seconds and was stopped. Aggregate or filter more."


def _one_select(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one statement of a text. SqlError if it is not one that only reads."""
    found = con.extract_statements(sql)
    if len(found) != 1 or found[0].type not in ONE_SELECT:
        kinds = ", ".join(statement.type.name.lower() for statement in found) or "nothing"
        raise SqlError(
            f"one statement that reads is allowed (select, from, with, describe, summarize, explain); given: {kinds}."
        )
    return found[0]


@contextmanager
def _interrupted(con: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt what `con` does after so many seconds, again and again until it ends."""
    done = threading.Event()

    def watch() -> None:
        waits = seconds
        while not done.wait(waits):
            con.interrupt()
            waits = 0.2

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _fetched(con: duckdb.DuckDBPyConnection, rows: int, characters: int) -> dict[str, Any]:
    """Columns and rows until a limit is reached; `more` says that there are others."""
    columns = [column[0] for column in con.description or []]
    found: list[list[Any]] = []
    size = 0
    while row := con.fetchone():
        values = [_plain(value) for value in row]
        size += len(json.dumps(values))
        if len(found) == rows or (found and size > characters):
            return {"columns": columns, "rows": found, "more": True}
        found.append(values)
    return {"columns": columns, "rows": found, "more": False}


def _plain(value: Any) -> Any:
    """A value as JSON has it; a text of more than LONGEST characters is cut."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _plain(value.hex() if isinstance(value, bytes) else str(value))
