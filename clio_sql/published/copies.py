"""A copy of what each build published, `OUT/builds/N.duckdb`, to compare builds by.

They are files next to the warehouse, not tables in it, so that who may see only published data can compare builds
without the private file, even while a run has it locked, and so that deleting a file deletes a copy.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from clio_sql.errors import InputError, unwritten
from clio_sql.published import files as published
from clio_sql.warehouse import private

FOLDER = "builds"


def keep(into: Path, number: int) -> None:
    """Copy the published file to `builds/N.duckdb`, complete, by rename."""
    folder = into / FOLDER
    if not (into / published.PUBLISHED).exists():  # safety mode: no copy is kept of ungated data
        return
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for draft in folder.glob(".*.duckdb"):  # left by a run that was killed
            draft.unlink(missing_ok=True)
        draft = folder / f".{number}.duckdb"
        with private.alone():
            shutil.copyfile(into / published.PUBLISHED, draft)
        os.replace(draft, folder / f"{number}.duckdb")
    except OSError as error:
        raise unwritten(folder, error, "Move away what is in its place and run again.") from None


def copies(out: Path) -> list[int]:
    """Numbers of the builds with a published copy, ascending."""
    return sorted(int(path.stem) for path in (out / FOLDER).glob("*.duckdb") if path.stem.isdigit())


def which(out: Path, given: str) -> int:
    """The number of a build, given as its number, `last`, or `-1` for the one before the last, `-2` before that.

    Raises InputError if it has no published copy.
    """
    kept = copies(out)
    text = given.strip().lower()
    if text == "last" and kept:
        return kept[-1]
    if text.removeprefix("-").isdigit():
        number = int(text)
        if number in kept:
            return number
        if number < 0 and len(kept) > -number:
            return kept[number - 1]
    if text == "-1" and len(kept) == 1:
        raise InputError(
            f"{out}: only build {kept[0]} has been published, so there is nothing to compare. Run again first."
        )
    there = ", ".join(map(str, kept)) or "none yet; clio-sql run keeps one of each build"
    raise InputError(f"{out}: no published copy of build {given!r}. There are: {there}. Allowed too: last, -1.")


@contextmanager
def opened(out: Path, before: int, after: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the published copies of two builds attached, read-only, as `before` and `after`."""
    files = {"before": before, "after": after}
    try:
        con = published.opened({name: out / FOLDER / f"{number}.duckdb" for name, number in files.items()})
    except InputError as error:
        raise InputError(f"{error} Or compare other builds.") from None
    with closing(con):
        yield con
