"""The folders that a run writes to, created if missing, and left as they were if the input is refused."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clio_sql.errors import InputError, StateError, UsageError, unwritten
from clio_sql.warehouse.places import WAREHOUSE


@contextmanager
def folders(folder: Path, named: Path) -> Iterator[None]:
    """Create missing folders. If the input or an argument is refused, created folders are removed again."""
    there = [path for path in dict.fromkeys((named, folder, *folder.parents)) if not path.exists()]
    fresh = not (folder / WAREHOUSE).exists()
    _writable(folder)
    if named != folder and (named / WAREHOUSE).exists():
        raise StateError(f"{named}: has a {WAREHOUSE} of its own. Give another --name, or another --into.")
    _writable(named)
    try:
        yield
    except (InputError, UsageError):
        if fresh:
            for name in (WAREHOUSE, f"{WAREHOUSE}.wal"):
                (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # another program's file is in it
            for path in there:
                path.rmdir()
        raise


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise StateError(f"--into {folder}: there is a file of that name, not a folder. Give a folder.") from None
    except OSError as error:
        raise unwritten(f"--into {folder}", error, "Give a folder that you may write to.") from None
    if (folder / WAREHOUSE).is_dir():
        raise StateError(f"--into {folder}: {WAREHOUSE} in it is a folder. Move it away, or give another folder.")
