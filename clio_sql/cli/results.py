"""The result of a query as text: a table on a terminal, CSV elsewhere. Nothing in it can control a terminal."""

from __future__ import annotations

import csv
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clio_sql.errors import UsageError, unwritten
from clio_sql.errors.printable import LONGEST, printable
from clio_sql.sql_text.quoting import literal

FORMATS = {  # by the ending of a file's name: options of DuckDB's copy
    ".csv": "format csv, header",
    ".tsv": "format csv, header, delimiter '\t'",
    ".json": "format json, array true",
    ".jsonl": "format json",
    ".ndjson": "format json",
    ".parquet": "format parquet, compression zstd",
}
SHOWN = 200  # rows on a terminal
NARROWEST = 10  # least width of a table column; if less is left, each row is shown as a list
BATCH = 2_048


def text_of(value: object) -> str:
    """A value as text: NULL is '', lists and structs are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.hex() if isinstance(value, bytes) else str(value)


def write(con: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Write the result of what `con` executed last: as a table if the console is a terminal, else as CSV."""
    columns = [column[0] for column in con.description or []]
    if console.is_terminal:
        found = con.fetchmany(SHOWN + 1)
        while len(found) <= SHOWN and (more := con.fetchmany(SHOWN + 1 - len(found))):
            found += more
        draw(columns, found, console)
    else:
        to_csv(columns, con, console.file)  # type: ignore[arg-type]


def to_csv(columns: Sequence[str], con: duckdb.DuckDBPyConnection, file: TextIO) -> None:
    """All rows as CSV with a header, a batch at a time."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(printable(column) for column in columns)
    while found := con.fetchmany(BATCH):
        writer.writerows([printable(text_of(value)) for value in row] for row in found)
    file.flush()


def require_known(file: Path) -> None:
    """Raise UsageError if the name of a file does not say which format it should have."""
    if file.suffix.lower() not in FORMATS:
        raise UsageError(f"--output {file}: its name must end with one of {', '.join(FORMATS)}, which sets the format.")


def save(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the result of what `con` executed last to a file, complete, by rename; its name sets the format.

    Uses a connection of its own, so that `con` need not be able to write files. Values are written as they are.
    Raises StateError if the file cannot be written.
    """
    draft = file.with_name(f".{os.getpid()}-{file.name}")
    with warnings.catch_warnings(action="ignore"):  # about a name that will be removed
        found = con.to_arrow_reader(BATCH)
    try:
        with duckdb.connect() as other:
            other.register("found", found)
            other.execute(f"copy (from found) to {literal(str(draft))} ({FORMATS[file.suffix.lower()]})")
        os.replace(draft, file)
    except duckdb.IOException as error:
        raise unwritten(f"--output {file}", OSError(str(error)), "Give another file.") from None
    except OSError as error:
        raise unwritten(f"--output {file}", error, "Give another file.") from None
    finally:
        draft.unlink(missing_ok=True)


def draw(columns: Sequence[str], found: Sequence[Sequence[Any]], console: Console) -> None:
    """At most SHOWN rows as a table, or each as a list if they are too wide."""
    shown = found[:SHOWN]
    if len(columns) * NARROWEST > console.width:
        _draw_lists(columns, shown, console)
    else:
        _draw_table(columns, shown, console)
    more = " or more; only these are shown" if len(found) > SHOWN else ""
    console.print(Text(f"{len(shown):,} row{'' if len(shown) == 1 else 's'}{more}", style="dim"))


def _draw_table(columns: Sequence[str], found: Sequence[Sequence[Any]], console: Console) -> None:
    table = Table(show_lines=False, header_style="bold", border_style="dim")
    for place, column in enumerate(columns):
        numbers = all(isinstance(row[place], int | float) and row[place] is not True for row in found)
        table.add_column(Text(printable(column)), justify="right" if numbers and found else "left", overflow="fold")
    for row in found:
        table.add_row(*map(_cell, row))
    console.print(table)


def _draw_lists(columns: Sequence[str], found: Sequence[Sequence[Any]], console: Console) -> None:
    for number, row in enumerate(found, 1):
        console.print(Text(f"row {number}", style="dim"))
        table = Table.grid(padding=(0, 2))
        for column, value in zip(columns, row, strict=True):
            table.add_row(Text(printable(column), style="bold"), _cell(value))
        console.print(table)


def _cell(value: object) -> Text:
    if value is None:
        return Text("NULL", style="dim")
    text = text_of(value)
    return Text(printable(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"))


def console_of(stream: TextIO | None = None) -> Console:
    """A console on standard output without any markup of its own."""
    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
