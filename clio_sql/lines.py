"""Finds the line of a text file that is wrong, and quotes nothing of it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from typing import IO


def not_utf8(paths: Iterable[str]) -> int | None:
    """The number of the first line that is not UTF-8, or None."""
    for path in paths:
        with _open(path) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return number
    return None


def uneven(paths: Iterable[str], delimiter: str) -> str:
    """Of CSV files: a sentence about the first line with more or fewer values than the first has, or ''."""
    for path in paths:
        with _open(path) as lines:
            rows = csv.reader((line.decode(errors="replace") for line in lines), delimiter=delimiter, strict=True)
            try:
                wanted = len(next(rows))
                for row in rows:
                    if row and len(row) != wanted:
                        return f"line {rows.line_num} ends a row of {len(row)} values; the first line has {wanted}."
            except csv.Error:
                return f"line {rows.line_num} cannot be read as CSV."
    return ""


def _open(path: str) -> IO[bytes]:
    return gzip.open(path) if path.endswith(".gz") else open(path, "rb")  # type: ignore[return-value]
