"""Opens .gz and .zip files that may be made to fill a disk: their unpacked size is counted before it is used."""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from pathlib import Path
from typing import IO

from clio_sql.errors import InputError

LEAST = 64 * 2**20  # bytes that any packed file may unpack to
CHUNK = 2**20
TOO_MUCH = (
    "{}: it becomes more than {} times as large when it is unpacked. If that is right, allow more: max_expansion in "
    "settings.sql."
)
MOST_OF_DEFLATE = 1040  # most bytes that one byte can unpack to


def require_small(path: str, max_expansion: int) -> None:
    """Raises InputError if a .gz file unpacks to more than `max_expansion` times its size. Keeps nothing of it."""
    size = Path(path).stat().st_size
    if size * MOST_OF_DEFLATE <= LEAST:
        return
    try:
        with gzip.open(path) as file:
            _copied(file, None, Path(path).name, size, max_expansion)
    except (OSError, EOFError, zlib.error):  # DuckDB says what is wrong with it
        return


def member(path: str, wanted: str, kinds: tuple[str, ...], folder: Path, max_expansion: int) -> str:
    """Write the one data file of a .zip, or the requested one, into `folder`; returns its path there.

    Nothing else of it is read; only the ending of its name matters. Raises InputError.
    """
    name = Path(path).name
    try:
        with zipfile.ZipFile(path) as packed:
            found = _chosen(packed, name, wanted, kinds)
            target = folder / f"member{_ending(found.filename)}"
            with (
                packed.open(found) as file,
                open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
            ):
                _copied(file, out, name, max(found.compress_size, 1), max_expansion)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        raise InputError(f"{name}: it cannot be unpacked. Is it whole, and without a password?") from None
    return str(target)


def _chosen(packed: zipfile.ZipFile, name: str, wanted: str, kinds: tuple[str, ...]) -> zipfile.ZipInfo:
    data = [each for each in packed.infolist() if _is_data(each.filename, kinds)]
    matching = [each for each in data if wanted in ("", each.filename)]
    if len(matching) == 1:
        return matching[0]
    endings = sorted({_ending(each.filename) for each in data})
    what = f"it has {len(data)} files that can be read ({', '.join(endings)})" if data else "no file in it can be read"
    raise InputError(
        f"{name}: {what}. Name one, as in {name}::conversations.json, or unpack it. Allowed: {', '.join(kinds)}."
    )


def _is_data(name: str, kinds: tuple[str, ...]) -> bool:
    *folders, file = name.split("/")
    hidden = file.startswith(".") or "__MACOSX" in folders
    return not hidden and _ending(name).removesuffix(".gz") in kinds


def _ending(name: str) -> str:
    suffixes = Path(name.lower()).suffixes
    return "".join(suffixes[-2:]) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def _copied(file: IO[bytes] | gzip.GzipFile, out: IO[bytes] | None, name: str, size: int, max_expansion: int) -> None:
    most, written = max(LEAST, size * max_expansion), 0
    while chunk := file.read(CHUNK):
        written += len(chunk)
        if written > most:
            raise InputError(TOO_MUCH.format(name, max_expansion))
        if out is not None:
            out.write(chunk)
