"""What a run reports while it works: a bar on a terminal, one line per step elsewhere."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

SLOW = 1.0  # seconds; a faster step gets no line
QUIET = 60.0  # seconds after which a running step gets another line, if there is no bar


class Steps:
    """A `clio_sql.builder.Reporter` on standard error. relation: the current step."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.relation = ""
        self._since = self._told = 0.0
        self._total: int | None = None
        self._committed = self._seen = self._done = 0  # rows of this step: kept, answered since, shown
        self._bar: Progress | None = None
        self._task: Any = None

    def begin(self, relation: str, rows: int | None) -> None:
        self.relation, self._total = relation, rows or None
        self._committed = self._seen = self._done = 0
        self._since = self._told = time.monotonic()
        if self.console.is_terminal:
            self._replace()

    def advance(self, rows: int) -> None:
        self._committed, self._seen = self._committed + rows, 0
        self._show()

    def answered(self, function: str, rows: int) -> None:
        """That many rows of a function are answered, but not yet kept; an `Engine.progress`."""
        self._seen += rows
        self._show()

    def end(self, rows: int, skipped: bool) -> None:
        seconds = time.monotonic() - self._since
        if seconds >= SLOW:
            self.say(f"{self.relation:<18} {f'{rows:,} rows' if rows >= 0 else '':>16} {seconds:>8.1f} s")

    def stop(self, why: str = "") -> None:
        """Remove the bar from the screen, and say why on a terminal."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if why and self.console.is_terminal:
            self.say(why)

    def _replace(self) -> None:
        """Show a bar for this step in place of the last one's."""
        if self._bar is None:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description:<18}"),
                BarColumn(bar_width=24),
                _Done(),
                console=self.console,
                transient=True,
            )
            self._bar.start()
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._task = self._bar.add_task(self.relation, total=self._total)

    def _show(self) -> None:
        self._done = done = max(self._done, min(self._committed + self._seen, self._total or 0))
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
        elif self._total and time.monotonic() - self._told >= QUIET:
            self._told = time.monotonic()
            self.say(f"{self.relation:<18} {done:,} of {self._total:,} rows, {self._told - self._since:.0f} s")

    def say(self, line: str) -> None:
        """Print a line, above the bar if there is one."""
        with suppress(OSError):  # no reader: no reason to stop
            if self.console.is_terminal:
                self.console.print(line, style="dim", highlight=False)
            else:
                print(line, file=self.console.file, flush=True)


class _Done(ProgressColumn):
    """Rows answered and time left if there is a total, otherwise the time since the step began."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(_clock(task.elapsed))
        left = f"{_clock(task.time_remaining)} left" if task.time_remaining is not None else _clock(task.elapsed)
        return Text(f"{int(task.completed):,} of {int(task.total):,} rows, {left}")


def _clock(seconds: float | None) -> str:
    whole = int(seconds or 0)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
