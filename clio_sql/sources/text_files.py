"""Reads text files row by row if DuckDB failed: readable rows are kept, the rest counted, nothing quoted."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from clio_sql.errors import InputError

SHOWN = 3  # places that are listed for each reason
INVALID, CUT, TWICE = "no valid JSON", "an end that is cut off", "a key twice in one object"
NO_OBJECT, NO_LIST, NOT_UTF8 = "no JSON object", "messages that are no JSON list", "invalid UTF-8"
UNEVEN = "more or fewer values than the first line"
# A pair of escapes that is one character, a single one that is half of one, any other escape
ESCAPES = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Row(NamedTuple):
    """One row of a file: the line it begins on, its text or why it has none, and if half a character was replaced."""

    line: int
    text: str
    reason: str = ""
    mended: bool = False


@dataclass
class BadRows:
    """The rows kept and left out of an input's files. Knows on which line a kept row begins."""

    several: bool  # several files, so that each is named
    bad: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    in_lists: bool = False  # rows of the input are entries of a list in a row of the files
    kept: list[tuple[str, array[int]]] = field(default_factory=list)  # file, line of each row
    places: dict[str, list[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows read so far, bad ones included."""
        return sum(len(lines) for _, lines in self.kept) + self.bad.total()

    def add(self, reason: str, place: str, count: int = 1) -> None:
        """Count rows that are left out; the first places are kept."""
        self.bad[reason] += count
        places = self.places.setdefault(reason, [])
        if len(places) < SHOWN:
            places.append(place)

    def place(self, position: int) -> str:
        """Where the kept row of that number, from 1, is."""
        for name, lines in () if self.in_lists else self.kept:
            if position <= len(lines):
                return self._place(name, lines[position - 1])
            position -= len(lines)
        return f"row {position}"

    def _place(self, name: str, line: int) -> str:
        return f"{name} line {line}" if self.several else f"line {line}"

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """(reason with the first places, rows), as they are reported."""
        return tuple(
            (f"{reason} ({', '.join(self.places[reason])}{', …' if count > len(self.places[reason]) else ''})", count)
            for reason, count in sorted(self.bad.items())
            if count
        )

    def require(self, where: str, rows: int, most: int | None) -> None:
        """Raises InputError if more rows than `most`, by default the larger of 10 and 1%, are left out of `rows`."""
        allowed = max(10, rows // 100) if most is None else most
        count = self.bad.total()
        if (count <= allowed and count < rows) or not count:
            return
        reason, places = next(iter(self.places.items()))
        more = f", and {count - 1:,} more cannot be read" if count > 1 else ""
        what = "none is left" if count == rows else f"{allowed:,} may be left out"
        raise InputError(
            f"{where}: {places[0]} has {reason}{more}; of {rows:,} rows {what}. Correct the file, or allow more: "
            "--max-bad-rows N."
        )


def encoding(path: str) -> str:
    """What a file's first bytes say it is: utf-8, utf-8-sig, utf-16, utf-16-le or utf-16-be."""
    with _open(path) as file:
        start = file.read(1000)
    for mark, name in MARKS:
        if start.startswith(mark):
            return name
    if len(start) > 3 and start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    return "utf-16-be" if len(start) > 3 and start[::2].count(0) > len(start) // 4 else "utf-8"


def separator(path: str) -> str:
    """The separator that Excel writes above a CSV file's header, as in `sep=;`, or ''."""
    with _open(path) as file:
        found = re.match(r'"?sep=(.)"?\r?\n', file.read(100).decode(encoding(path), errors="replace").lstrip("\ufeff"))
    return found[1] if found else ""


def header(path: str, as_encoding: str | None, longest: int) -> list[str]:
    """The values of the first line of a CSV file, none if it cannot be read."""
    csv.field_size_limit(longest)
    with _open(path) as file:
        text = _text(file, as_encoding or encoding(path), "csv")
        try:
            mark = separator(path)
            rows = csv.reader(_bounded(text, path, longest), delimiter=mark or _delimiter(path, as_encoding))
            first = next(rows, [])
            return next(rows, []) if mark else first
        except (csv.Error, UnicodeError):
            return []


def clean(path: str, target: Path, kind: str, as_encoding: str | None, longest: int, told: BadRows) -> None:
    """Write the readable rows of a JSON or CSV file to `target`, in UTF-8; count the others in `told`.

    Raises InputError if the encoding is different, a line is longer than `longest` characters, or rows cannot be told
    apart.
    """
    name, lines, other = Path(path).name, array("Q"), _Other(path)
    told.kept.append((name, lines))
    given = as_encoding or encoding(path)
    with _open(path) as file, _private(target) as out:
        text = _text(file, given, kind)
        try:
            for row in _rows(text, path, kind, as_encoding, longest):
                if row.reason:
                    told.add(row.reason, told._place(name, row.line))
                    other.look(row)
                    continue
                other.seen |= not row.text.isascii()
                told.mended += row.mended
                out.write(row.text)
                if kind != "csv" or row.line > 0:
                    lines.append(row.line)
        except UnicodeError:
            raise InputError(f"{name} is not {given}. Give the right one: --encoding NAME.") from None
    other.require(name, given)


class _Other:
    """Whether lines that are not UTF-8 look like another encoding: two or more, and no other line beyond ASCII."""

    def __init__(self, path: str) -> None:
        self.seen, self.line, self.lines = False, 0, 0

    def look(self, row: Row) -> None:
        if row.reason == NOT_UTF8:
            self.line, self.lines = self.line or row.line, self.lines + 1

    def require(self, name: str, given: str) -> None:
        if self.lines > 1 and not self.seen and given.startswith("utf-8"):
            raise InputError(
                f"{name}: line {self.line} is not UTF-8; the file looks like CP1252. If it is, give --encoding cp1252."
            )


def _rows(text: IO[str], path: str, kind: str, as_encoding: str | None, longest: int) -> Iterator[Row]:
    if kind == "csv":
        return _csv(text, path, as_encoding, longest)
    first = next((line for line in _bounded(text, path, longest) if line.strip()), "")
    text.seek(0)
    return _document(text, path) if _is_document(first.strip().lstrip("\ufeff"), text) else _lines(text, path, longest)


def _is_document(first: str, text: IO[str]) -> bool:
    """Whether the file is a list, or objects over several lines, rather than one object per line."""
    if first in ("{", "[", "[{"):
        return True
    return first.startswith("[") and (_object(first)[1] != NO_OBJECT or _is_alone(text))


def _is_alone(text: IO[str]) -> bool:
    count = sum(1 for line in text if line.strip())
    text.seek(0)
    return count == 1


def _lines(text: IO[str], path: str, longest: int) -> Iterator[Row]:
    for number, line in enumerate(_bounded(text, path, longest), 1):
        if stripped := line.strip().lstrip("\ufeff"):
            content, reason, mended = _object(stripped)
            cut = reason == INVALID and not line.endswith("\n")
            yield Row(number, f"{content}\n", CUT if cut else reason, mended)


def _object(text: str) -> tuple[str, str, bool]:
    """The text of a JSON object without half characters, why it is not one or '', and if it had half characters."""
    if _is_broken(text):
        return "", NOT_UTF8, False
    twice: list[bool] = []
    try:
        value = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice))
    except (ValueError, RecursionError):
        return "", INVALID, False
    reason = NO_OBJECT if not isinstance(value, dict) else TWICE if twice else ""
    whole = ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    return whole, reason, whole != text


def _once(pairs: list[tuple[str, Any]], twice: list[bool]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice.append(True)
    return made


def _document(text: IO[str], path: str) -> Iterator[Row]:
    """The objects of a list, or one after another, each with the line that it begins on."""
    whole = text.read()
    between, decoder = re.compile(r"[\s,\ufeff]*"), json.JSONDecoder()
    at = re.compile(r"[\s\ufeff]*\[?").match(whole).end()  # type: ignore[union-attr]
    line, counted = 1, 0
    while True:
        at = between.match(whole, at).end()  # type: ignore[union-attr]
        line, counted = line + whole.count("\n", counted, at), at
        if at == len(whole) or whole[at] == "]":
            return
        try:
            _, end = decoder.raw_decode(whole, at)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError) and _at_end(error, whole):
                yield Row(line, "", CUT)
                return
            wrong = line + whole.count("\n", at, getattr(error, "pos", at))
            raise InputError(
                f"{Path(path).name}: line {wrong} is not valid JSON, so it is unknown where the next row begins. "
                "Correct it, or write one object per line (JSONL)."
            ) from None
        content, reason, mended = _object(re.sub(r"[\r\n]+", " ", whole[at:end]))
        yield Row(line, f"{content}\n", reason, mended)
        at = end


def _at_end(error: json.JSONDecodeError, whole: str) -> bool:
    return error.msg.startswith("Unterminated string") or error.pos >= len(whole.rstrip()) - 1


def _csv(text: IO[str], path: str, as_encoding: str | None, longest: int) -> Iterator[Row]:
    """The header, which has line 0, and the rows of a CSV file, each with commas, and quotes if needed."""
    mark = separator(path)
    csv.field_size_limit(longest)
    rows = csv.reader(_bounded(text, path, longest), delimiter=mark or _delimiter(path, as_encoding), strict=True)
    wanted, begins, longest_row = 0, 1, 1  # values, line, lines
    try:
        for values in rows:
            line, begins = begins, rows.line_num + 1
            longest_row = max(longest_row, begins - line)
            if not values or (mark and line == 1):
                continue
            broken = _is_broken("".join(values))
            reason = NOT_UTF8 if broken else UNEVEN if wanted and len(values) != wanted else ""
            if reason and not wanted:
                raise InputError(f"{Path(path).name}: line {line}, the header, is not UTF-8. Give --encoding NAME.")
            yield Row(line if wanted else 0, _written(values), reason)
            wanted = wanted or len(values)
    except csv.Error as error:
        if wanted and "end of data" in str(error) and rows.line_num + 1 - begins <= longest_row:
            yield Row(begins, "", CUT)  # no longer than other rows: not a quote that swallowed others
            return
        raise InputError(
            f"{Path(path).name}: line {begins} cannot be read as CSV, nor what follows. Is a quote not closed? "
            "Correct it."
        ) from None


def _written(values: list[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(values)
    return row.getvalue().encode(errors="replace").decode()


def _delimiter(path: str, as_encoding: str | None) -> str:
    """The one of , ; tab and | that is most frequent in the first line."""
    with _open(path) as file:
        first = _text(file, as_encoding or encoding(path), "csv").readline(100_000)
    return max(",;\t|", key=first.count)


def _is_broken(text: str) -> bool:
    """Whether it contains a byte that is not UTF-8."""
    return not text.isascii() and re.search("[\udc80-\udcff]", text) is not None


def _bounded(text: IO[str], path: str, longest: int) -> Iterator[str]:
    number = 0
    while line := text.readline(longest + 1):
        number += 1
        if len(line) > longest:
            raise InputError(f"{Path(path).name}: line {number} is longer than {longest:,} bytes. {LONGER}")
        yield line


LONGER = "Shorten or split it, or allow more: max_row_bytes in settings.sql."


def _text(file: IO[bytes], name: str, kind: str) -> IO[str]:
    """The text of a file; in UTF-8, an invalid byte stays and can be found by `_is_broken`."""
    errors = "surrogateescape" if name.startswith("utf-8") else "strict"
    return io.TextIOWrapper(file, encoding=name, errors=errors, newline="" if kind == "csv" else "\n")


def _private(path: Path) -> IO[str]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")


def _open(path: str) -> IO[bytes]:
    return gzip.open(path) if path.endswith(".gz") else open(path, "rb")  # type: ignore[return-value]
