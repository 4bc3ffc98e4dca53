"""Measures: columns of numbers that clusters have figures of. Checked as soon as the input is read."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from clio_sql.errors import InputError, UsageError
from clio_sql.errors.quotable import names
from clio_sql.sql_text.quoting import literal


def require(
    con: duckdb.DuckDBPyConnection, rows: str, where: str, measures: Sequence[str], breakdowns: Sequence[str]
) -> None:
    """Raise unless each measure is a column of numbers, and no breakdown. NULL, NaN and infinity are no number.

    rows: SQL of a relation with metadata and numbers, as `source` has them. Raises UsageError for a measure that
    is also a breakdown, else InputError.
    """
    if both := [name for name in measures if name in breakdowns]:
        raise UsageError(
            f"measure {both[0]!r} is also a breakdown: its mean would tell of the values that the breakdown holds "
            "back. Leave it out of one of the two."
        )
    for name in measures:
        _require_numbers(con, rows, f"{where}: measure {name!r}", name)


def _require_numbers(con: duckdb.DuckDBPyConnection, rows: str, what: str, name: str) -> None:
    number = "try_cast(given as double)"
    there, texts, numbers = con.execute(
        f"select count(*), count_if({number} is null and trim(given) <> ''), count_if(isfinite({number})) "
        f"from (select metadata[{literal(name)}] as given from {rows}) where given is not null"
    ).fetchall()[0]
    if texts:
        raise InputError(
            f"{what} is no number in {texts:,} of {there:,} conversations. A measure is a column of numbers, empty "
            f"where there is none. {_choice(con, rows)}"
        )
    if not numbers:
        absent = "has no number: it is empty, NaN or infinite in every conversation" if there else "does not exist"
        raise InputError(f"{what} {absent}. {_choice(con, rows)}")


def _choice(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """The columns that could be measures."""
    keys = con.execute(
        "select key, bool_and(number is not null) as all_numbers, bool_or(isfinite(number)) as has_one from ("
        "select entry.key, try_cast(entry.value as double) as number "
        f"from (select unnest(map_entries(metadata)) as entry from {rows}) where trim(entry.value) <> ''"
        ") group by key having all_numbers and has_one order by key"
    ).fetchall()
    return f"Columns of numbers: {names([key for key, *_ in keys]) or 'none'}. Choose one of them."
