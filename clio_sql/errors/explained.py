"""An error of DuckDB as one of ours: which step failed and what to do, never a value of a row."""

from __future__ import annotations

import re
from collections.abc import Collection

import duckdb

from clio_sql import errors
from clio_sql.errors import ClioError, SqlError, StateError, Stopped, is_disk_full

DEBUG = "CLIO_DEBUG=1 shows all of it, which may quote conversations"
OF_THE_FILE = (
    duckdb.IOException, duckdb.FatalException, duckdb.SerializationException, duckdb.TransactionException,
    duckdb.ConnectionException, duckdb.InternalException,
)  # fmt: skip
# from the first character on, since a quoted value may hold the same words
OURS = re.compile(r"Invalid Input Error: Python exception occurred while executing the UDF: (\w+): (.+)", re.DOTALL)


def explained(error: duckdb.Error, step: str, own: Collection[str] | None = None) -> ClioError:
    """An error of DuckDB as one of ours. Its own words may quote a value, so they are shown only for our functions.

    step: the relation or the part of the run that failed. own: the relations whose SQL is the user's, None if that
    is not known: our own SQL fails only on tables that no run wrote.
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
            f"{step}: disk full. Free space on the disk of the warehouse, where DuckDB also puts what does not fit in "
            "memory, and run the same command again; what was finished is kept."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return ClioError(
            f"{step}: DuckDB is out of memory. Give it more, for example CLIO_MEMORY_LIMIT=8GB, and "
            "run the same command again; what was finished is kept. Or analyse a sample: sample_conversations in "
            "settings.sql."
        )
    if isinstance(error, OF_THE_FILE):
        return StateError(f"{step}: the database cannot be read or written ({name}). {DEBUG}.")
    if isinstance(error, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException):
        # The binder's message is about the SQL, not about a row.
        said = str(error).splitlines()[0]
        if own is None or step in own:
            return SqlError(f"{step}: DuckDB cannot run this SQL. {said} Correct the file.")
        return StateError(
            f"{step or 'the warehouse'}: the tables of the warehouse are not those that this version writes. "
            f"{said} Give another folder, or move warehouse.duckdb away."
        )
    return SqlError(f"{step}: DuckDB failed on a value of a row ({name}). {DEBUG}.")


def said(error: duckdb.Error) -> str:
    """DuckDB's message without the statement and the caret under it; only for what cannot quote a conversation."""
    lines = [line for line in str(error).splitlines() if line.strip(" ^") and not line.startswith("LINE")]
    return " ".join(lines)[:600]
