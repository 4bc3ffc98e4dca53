"""Lets Ctrl-C stop a run between two parts of its work, so that finished parts are kept."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import duckdb

from clio_sql.builder import Reporter
from clio_sql.engine import Engine
from clio_sql.errors import Stopped

STOPPED = "stopped; what was finished is kept. Run the same command again to go on."
T = TypeVar("T")


def interruptible(con: duckdb.DuckDBPyConnection, engine: Engine, reporter: Reporter, work: Callable[[], T]) -> T:
    """Run `work` in a thread, so that Ctrl-C or SIGTERM stops it between two parts; a second one ends the process.

    DuckDB runs functions on threads of its own and ignores signals until the query ends. Raises
    Stopped when interrupted; whatever `work` committed is kept. Anything that does not stop in time ends
    with the process: DuckDB's log holds every commit.
    """
    outcome: list[tuple[bool, Any]] = []

    def target() -> None:
        try:
            outcome.append((True, work()))
        except BaseException as error:
            outcome.append((False, error))

    thread = threading.Thread(target=target, daemon=True)
    with _signals() as asked:
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
            if asked.is_set():
                _stop(con, engine, reporter, thread)
                raise Stopped(STOPPED)
    done, value = outcome[0]
    if not done:
        raise value
    return value


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second ends the process."""
    asked = threading.Event()

    def handle(number: int, frame: object) -> None:
        if asked.is_set():
            _leave()
        asked.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(con: duckdb.DuckDBPyConnection, engine: Engine, reporter: Reporter, thread: threading.Thread) -> None:
    """Wait until the current part is done, but not forever."""
    # calls in flight are paid for: they get 5 s to be answered and kept
    deadline = time.monotonic() + (4.5 if engine.runtime.provider == "local" else 7.0)
    reporter.stop("stopping after the current part; Ctrl-C again stops at once")
    engine.stop.set()
    while thread.is_alive() and time.monotonic() < deadline:
        with suppress(duckdb.Error):  # closed: the work is almost done
            con.interrupt()
        thread.join(0.2)
    if thread.is_alive():
        with suppress(OSError):
            print(f"clio-sql: {STOPPED}", file=sys.stderr, flush=True)
        _leave()
    engine.stop.clear()


def _leave() -> None:
    """End the process as it stands, with the terminal's cursor shown."""
    if sys.stderr.isatty():
        os.write(2, b"\x1b[?25h\n")
    os._exit(Stopped.exit_code)
