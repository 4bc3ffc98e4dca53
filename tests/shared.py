"""What several tests read is made once a test run, by whichever worker comes first; the others wait and read it."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = "CLIO_TEST_SHARED"  # in the environment of all workers of one run: a folder that its end removes


def begin() -> None:
    """Name a fresh folder for all workers that this process will start."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="clio-tests-")


def end() -> None:
    """Remove it with all that is in it."""
    shutil.rmtree(os.environ.pop(FOLDER, ""), ignore_errors=True)


def once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, which `make` has filled. Read it; do not change it: copy what is to be changed.

    Nothing is taken over from an earlier test run: what is made here is part of what is tested.
    """
    if FOLDER not in os.environ:  # not in pytest, as in `python tests/attack_cliopatra.py`
        begin()
        atexit.register(end)
    made = Path(os.environ[FOLDER]) / name
    made.parent.mkdir(parents=True, exist_ok=True)
    with open(made.with_name(f"{made.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = made.with_name(f"{made.name}.making")
            shutil.rmtree(making, ignore_errors=True)  # of a worker that failed or was killed
            making.mkdir()
            make(making)
            making.rename(made)
    return made
