"""What is told of an error: which step failed and what to do, never a value of a row."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Collection

import duckdb
import typer

from clio_sql import errors
from clio_sql.errors import ClioError, SqlError, StateError, Stopped, is_disk_full, unwritten
from clio_sql.names import WAREHOUSE

DEBUG = "CLIO_DEBUG=1 shows all of it, which may quote conversations"
OF_THE_FILE = (
    duckdb.IOException, duckdb.FatalException, duckdb.SerializationException, duckdb.TransactionException,
    duckdb.ConnectionException, duckdb.InternalException,
)  # fmt: skip
EXTRA = re.compile(r"Got unexpected extra argument.*", re.DOTALL)  # which may be the id of a user
# from the first character on, since a cell that DuckDB quotes may hold the same words
OURS = re.compile(r"Invalid Input Error: Python exception occurred while executing the UDF: (\w+): (.+)", re.DOTALL)


def explained(error: duckdb.Error, step: str, own: Collection[str] | None = None) -> ClioError:
    """An error of DuckDB as one of ours. Its own words may quote a value, so they are told only of our functions.

    step: the relation or the part of the run that failed. own: the relations whose SQL is the user's, None where that
    is not known: our SQL fails only on tables that no run leaves.
    """
    if found := OURS.match(str(error)):
        kind = getattr(errors, found[1], None)
        if isinstance(kind, type) and issubclass(kind, ClioError):
            return kind(found[2])
    name = type(error).__name__
    if isinstance(error, duckdb.InterruptException):
        return Stopped("stopped; what was finished is kept. Run the same command again to go on.")
    if is_disk_full(error):
        return StateError(
            f"{step}: disk full. Free space where the warehouse lies, where DuckDB also moves what does not fit into "
            "memory, and run the same command again; what was finished is kept."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return ClioError(
            f"{step}: the memory that DuckDB may take is used up. Give it more, for example CLIO_MEMORY_LIMIT=8GB, and "
            "run the same command again; what was finished is kept. Or analyse a sample: sample_conversations in "
            "settings.sql."
        )
    if isinstance(error, OF_THE_FILE):
        return StateError(f"{step}: the database cannot be read or written ({name}). {DEBUG}.")
    if isinstance(error, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException):
        # What the binder says is about the SQL, not about a row.
        said = str(error).splitlines()[0]
        if own is None or step in own:
            return SqlError(f"{step}: DuckDB cannot run this SQL. {said} Correct the file.")
        return StateError(
            f"{step or 'the warehouse'}: the tables of the warehouse are not those that a run of this version leaves. "
            f"{said} Give another folder, or move {WAREHOUSE} away."
        )
    return SqlError(f"{step}: DuckDB failed on a value of a row ({name}). {DEBUG}.")


def hush() -> None:
    """What this process would print by itself may quote conversations: of warnings and logs nothing is told, of an
    exception that nobody catches its type alone. CLIO_DEBUG=1 leaves all of it.
    """
    if _is_debug():
        return
    warnings.simplefilter("ignore")
    logging.lastResort = None
    threading.excepthook = sys.unraisablehook = lambda found: _fail(_unknown(found.exc_type), 1)  # type: ignore


def _is_debug() -> bool:
    return os.environ.get("CLIO_DEBUG") == "1"


def _unknown(kind: type[BaseException] | None) -> str:
    return f"failed ({kind.__name__ if kind else 'Error'}). This is a fault of clio-sql; CLIO_DEBUG=1 shows where."


def tell(error: BaseException) -> int:
    """Tell an error on standard error and return its exit code; CLIO_DEBUG=1 adds the traceback."""
    if _is_debug():
        traceback.print_exception(error)
    if isinstance(error, duckdb.Error):
        error = explained(error, "the database")
    if isinstance(error, ClioError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, typer.Abort):
        return _fail("stopped.", Stopped.exit_code)
    if hasattr(error, "show"):  # wrong usage
        error.message = EXTRA.sub("Got unexpected extra arguments; options begin with --", error.message)
        error.show()
        return getattr(error, "exit_code", 2)
    if isinstance(error, OSError) and is_disk_full(error):
        return _fail(str(unwritten(error.filename or "a file", error, "")), StateError.exit_code)
    if isinstance(error, MemoryError):
        return _fail(
            "the memory of this machine is used up. Analyse a sample: sample_conversations in settings.sql.", 1
        )
    if isinstance(error, OSError) and error.filename is None:
        return _fail(f"the output cannot be written ({error.strerror}).", 1)
    return _fail(_unknown(type(error)), 1)


def _fail(text: str, code: int) -> int:
    """Tell the user, without anything that could move the cursor."""
    typer.echo(f"clio-sql: {printable(text)}", err=True)
    return code


def printable(text: str) -> str:
    """The text with a ? for every character that could move the cursor."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
