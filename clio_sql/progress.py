"""What a run tells while it works: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import duckdb
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from clio_sql.engine import Engine
from clio_sql.errors import Stopped

SLOW = 1.0  # seconds; a faster step is not worth a line
T = TypeVar("T")


class Steps:
    """A `clio_sql.build.Reporter` on standard error."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._bar: Progress | None = None
        self._task: Any = None
        self._relation, self._since, self._rows = "", 0.0, None

    def begin(self, relation: str, rows: int | None) -> None:
        self._relation, self._since, self._rows = relation, time.monotonic(), rows
        if self.console.is_terminal:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description:<18}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self._task = self._bar.add_task(relation, total=rows or None)
            self._bar.start()

    def advance(self, rows: int) -> None:
        if self._bar is not None:
            self._bar.advance(self._task, rows)

    def end(self, rows: int, skipped: bool) -> None:
        self.stop()
        seconds = time.monotonic() - self._since
        if seconds >= SLOW:
            what = f"{rows:,} rows" if rows >= 0 else ""
            self.console.print(f"{self._relation:<18} {what:>16} {seconds:>7.1f} s", highlight=False)

    def stop(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def interruptible(con: duckdb.DuckDBPyConnection, engine: Engine, work: Callable[[], T]) -> T:
    """Run `work` in a thread, so that Ctrl-C stops it between two parts; a second one ends the process.

    DuckDB runs functions on threads of its own and looks at no signal until the query ends. Raises
    Stopped when interrupted; whatever `work` committed is kept.
    """
    outcome: list[Any] = []

    def target() -> None:
        try:
            outcome.append((True, work()))
        except BaseException as error:
            outcome.append((False, error))

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt:
        _stop(con, engine, thread)
        raise Stopped("stopped; what was finished is kept. Run the same command again to go on.") from None
    done, value = outcome[0]
    if not done:
        raise value
    return value


def _stop(con: duckdb.DuckDBPyConnection, engine: Engine, thread: threading.Thread) -> None:
    print("\nstopping after the part in hand; Ctrl-C again ends at once", file=sys.stderr)
    engine.stop.set()
    try:
        while thread.is_alive():
            con.interrupt()
            thread.join(0.5)
    except KeyboardInterrupt:
        import os

        os._exit(Stopped.exit_code)
    finally:
        engine.stop.clear()
