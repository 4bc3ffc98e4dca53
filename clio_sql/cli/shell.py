"""`clio-sql sql OUT`: runs statements on what a run wrote, with the functions loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from clio_sql.builder.progress import Steps
from clio_sql.cli import results
from clio_sql.errors import ClioError, InputError, SqlError, Stopped, UsageError
from clio_sql.errors.explained import explained, said
from clio_sql.errors.printable import printable
from clio_sql.published.files import open_published, with_functions
from clio_sql.register import MACROS, connect, engine_of
from clio_sql.run.interrupt import interruptible
from clio_sql.warehouse import places, private

HELP = """A statement ends with ; and may span several lines. Ctrl-C stops a query, Ctrl-D exits.
.tables   the tables and views, each with what one row is
.help     this
.quit     exit"""
HERE = "database_name = current_database() and schema_name in ('main', current_schema())"
TABLES = f"""
    select table_name as name, comment as "a row is" from duckdb_tables()
    where {HERE}
    union all
    select view_name, comment from duckdb_views()
    where {HERE} and not internal
    order by name"""


def open_out(out: Path, published: bool, **runtime: Any) -> duckdb.DuckDBPyConnection:
    """The warehouse of OUT, or its published file, read-only and with the functions; names need no schema.

    Raises InputError if there is none, StateError if it cannot be opened.
    """
    if published:
        return with_functions(open_published(out), **runtime)
    path, schema, name = places.located(out, ", or --published if you were given only published.duckdb")
    con = connect(path, read_only=True, **runtime)
    con.execute("set enable_progress_bar = false")
    there = places.schemas(con)
    if name and schema not in there:
        con.close()
        known = ", ".join(filter(None, map(places.name_of, there))) or "none"
        raise InputError(f"{out}: {path} has no analysis of that name; it has: {known}. Give the folder of one.")
    con.execute(f"set search_path = '{f'{schema},main' if schema in there else 'main'}'")
    return con


def run(out: Path, command: str | None, published: bool, output: Path | None = None) -> None:
    """Run `command`, or the statements of standard input, or ask for some at a prompt.

    Results go to standard output, as tables on a terminal and CSV elsewhere, or the one statement's result to `output`.
    A command or a file stops at its first error.
    """
    if output is not None:
        results.require_known(output)
    if published:
        return _run(out, command, published, output)
    with private.alone():  # spilled data, and a file of results
        _run(out, command, published, output)


def _run(out: Path, command: str | None, published: bool, output: Path | None) -> None:
    asks = command is None and sys.stdin is not None and sys.stdin.isatty()
    with closing(open_out(out, published)) as con:
        if asks and output is None:
            return _ask(con, "published" if published else "warehouse")
        given = list(statements(con, sys.stdin.read() if command is None else command))
        if output is not None and len(given) != 1:
            raise UsageError(f"--output writes the result of one statement; {len(given)} were given.")
        for statement in given:
            execute(con, statement, output)


def statements(con: duckdb.DuckDBPyConnection, text: str) -> Iterator[duckdb.Statement]:
    """The statements of a text. Raises SqlError if it cannot be read as SQL."""
    try:
        yield from con.extract_statements(text)
    except duckdb.Error as error:
        raise SqlError(said(error)) from None


def execute(con: duckdb.DuckDBPyConnection, statement: duckdb.Statement | str, output: Path | None = None) -> None:
    """Run one statement and write its result. Ctrl-C stops only it and raises Stopped; errors raise ClioError."""
    engine = engine_of(con)
    assert engine is not None
    console = results.console_of()

    def work() -> None:
        con.execute(statement)
        results.write(con, console) if output is None else results.save(con, output)

    try:
        interruptible(con, engine, Steps(), work)
    except Stopped:
        raise Stopped("stopped.") from None
    except duckdb.InterruptException:
        raise Stopped("stopped.") from None
    except duckdb.Error as error:
        raise _told(error) from error


def _told(error: duckdb.Error) -> ClioError:
    """What is wrong with a statement, in DuckDB's words if they are about the SQL and not about a row."""
    if isinstance(error, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException):
        return SqlError(said(error))
    if isinstance(error, duckdb.InvalidInputException) and "read-only" in str(error):
        return SqlError("this file is open read-only. --output FILE writes the result of a statement elsewhere.")
    if isinstance(error, duckdb.PermissionException) or "configuration has been locked" in str(error):
        return SqlError(
            "a published file is opened locked: other files and settings are out of reach. --output FILE writes the "
            "result of a statement."
        )
    return explained(error, "this statement")


# --- the prompt


def _ask(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Read statements from the user until Ctrl-D; errors are printed and the prompt continues."""
    print(f"{name}: a statement ends with ; and .help shows help", file=sys.stderr)
    session = _session(con)
    while True:
        try:
            text = session.prompt(f"{name}> ").strip()
            if text in (".quit", ".exit"):
                return
            if text.startswith("."):
                _dotted(con, text)
            else:
                for statement in statements(con, text):
                    execute(con, statement)
        except KeyboardInterrupt:  # while a line was being written
            continue
        except EOFError:
            return
        except ClioError as error:
            print(f"clio-sql: {printable(str(error))}", file=sys.stderr)


def _dotted(con: duckdb.DuckDBPyConnection, text: str) -> None:
    if text == ".tables":
        execute(con, TABLES)
    elif text == ".help":
        print(HELP)
    else:
        raise SqlError(f"{text.split()[0]} is not a command; there are .tables, .help and .quit.")


def _session(con: duckdb.DuckDBPyConnection) -> Any:
    """A prompt with history, colours and completion; Enter ends a statement that ends with ;."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer

    session: PromptSession[str] = PromptSession(
        lexer=PygmentsLexer(SqlLexer),
        completer=WordCompleter(words(con), ignore_case=True),
        complete_while_typing=False,
        multiline=Condition(lambda: not _is_whole(session.default_buffer.text)),
        prompt_continuation=lambda width, number, wrapped: "." * (width - 1) + " ",
        history=FileHistory(str(file)) if (file := _history()) else InMemoryHistory(),
    )
    return session


def _is_whole(text: str) -> bool:
    text = text.strip()
    return not text or text.startswith(".") or text.endswith(";")


def words(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What can be completed: tables, columns, our functions, DuckDB's, and keywords."""
    queries = (
        f"select table_name from duckdb_tables() where {HERE}",
        f"select view_name from duckdb_views() where not internal and {HERE}",
        f"select column_name from duckdb_columns() where not internal and {HERE}",
        "select function_name from duckdb_functions() where regexp_full_match(function_name, '[a-z][a-z0-9_]+') "
        "and not ends_with(function_name, '_raw')",
        "select keyword_name from duckdb_keywords()",
    )
    found: Iterable[str] = (word for query in queries for (word,) in con.execute(query).fetchall())
    return sorted({*found, *MACROS})


def _history() -> Path | None:
    """The file of earlier statements, readable only by its owner; None if it cannot be written."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "clio-sql"
    file = folder / "history"
    try:
        with private.alone():
            folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        private.mended([folder, file])
        with file.open("a"):
            return file
    except OSError:
        return None
