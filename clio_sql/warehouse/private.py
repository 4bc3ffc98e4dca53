"""Files with conversations are private to their owner from the first byte; published ones follow the umask."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

OTHERS = 0o077  # the rights of everyone but the owner
_LOCK = threading.Lock()
_INSIDE: list[int] = []  # the caller's umask, once for each open `alone`


@contextmanager
def alone() -> Iterator[None]:
    """Within, everything this process creates is private to its owner: 0600, folders 0700, also DuckDB's files.

    All threads of a process share the umask: what others create meanwhile is private too. May be nested.
    """
    with _LOCK:
        before = os.umask(OTHERS)
        _INSIDE.append(_INSIDE[0] if _INSIDE else before)
    try:
        yield
    finally:
        with _LOCK:
            mask = _INSIDE.pop()
            if not _INSIDE:
                os.umask(mask)


def share(path: Path) -> None:
    """Give a file, or a folder, the mode that it would have had outside of `alone`."""
    path.chmod((0o777 if path.is_dir() else 0o666) & ~_mask())


def _mask() -> int:
    with _LOCK:
        if _INSIDE:
            return _INSIDE[0]
        mask = os.umask(OTHERS)  # there is no other way to read it
        os.umask(mask)
        return mask


def mended(paths: Iterable[Path]) -> list[str]:
    """Remove other users' rights from those paths that exist; returns one line for each path that had any."""
    return [line for path in paths if path.exists() and (line := _mended(path))]


def _mended(path: Path) -> str | None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & OTHERS:
        return None
    what = f"{path}: other users of this machine could open it (mode {mode:04o})"
    try:
        path.chmod(mode & ~OTHERS)
    except OSError as error:
        return f"{what}, and that cannot be changed ({error.strerror}). Let its owner run: chmod go= {path}"
    return f"{what}; now only its owner can."
