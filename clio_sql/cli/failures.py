"""What the command line prints about an error, and what it keeps from being printed."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import typer

from clio_sql.errors import ClioError, StateError, Stopped, is_disk_full, unwritten
from clio_sql.errors.printable import printable

if TYPE_CHECKING:
    import duckdb

EXTRA = re.compile(r"Got unexpected extra argument.*", re.DOTALL)  # which may be a user id


def hush() -> None:
    """Anything this process would print by itself may quote conversations: warnings and logs are not shown, and of an
    uncaught exception only its type. CLIO_DEBUG=1 shows all of it.
    """
    if _is_debug():
        return
    warnings.simplefilter("ignore")
    logging.lastResort = None

    def hook(found: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        _fail(_unknown(found.exc_type), 1)

    threading.excepthook = sys.unraisablehook = hook


def _of_duckdb() -> tuple[type[duckdb.Error], ...]:
    """DuckDB's errors; none where it is not loaded, as for `--help`."""
    return (sys.modules["duckdb"].Error,) if "duckdb" in sys.modules else ()


def _is_debug() -> bool:
    return os.environ.get("CLIO_DEBUG") == "1"


def _unknown(kind: type[BaseException] | None) -> str:
    return f"failed ({kind.__name__ if kind else 'Error'}). This is a bug in clio-sql; CLIO_DEBUG=1 shows where."


def tell(error: BaseException) -> int:
    """Print an error on standard error and return its exit code; CLIO_DEBUG=1 adds the traceback."""
    if _is_debug():
        traceback.print_exception(error)
    if isinstance(error, _of_duckdb()):
        from clio_sql.errors.explained import explained

        error = explained(error, "the database")
    if isinstance(error, ClioError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, typer.Abort):
        return _fail("stopped.", Stopped.exit_code)
    if hasattr(error, "show"):  # wrong usage
        usage: Any = error
        usage.message = EXTRA.sub("Got unexpected extra arguments; options begin with --", usage.message)
        usage.show()
        return getattr(error, "exit_code", 2)
    if isinstance(error, OSError) and is_disk_full(error):
        return _fail(str(unwritten(error.filename or "a file", error, "")), StateError.exit_code)
    if isinstance(error, MemoryError):
        return _fail("this machine is out of memory. Analyse a sample: sample_conversations in settings.sql.", 1)
    if isinstance(error, OSError) and error.filename is None:
        return _fail(f"the output cannot be written ({error.strerror}).", 1)
    return _fail(_unknown(type(error)), 1)


def _fail(text: str, code: int) -> int:
    """Print a message, without anything that could move the cursor."""
    typer.echo(f"clio-sql: {printable(text)}", err=True)
    return code
