"""What a build reports while it works."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Receives the progress of a build or a run; see `clio_sql.builder.progress`. relation: the current step."""

    relation: str

    def begin(self, relation: str, rows: int | None) -> None:
        """A step begins; rows: how many are to be answered, None if not known."""

    def advance(self, rows: int) -> None:
        """That many more rows are answered and kept."""

    def answered(self, function: str, rows: int) -> None:
        """That many more rows of a function are answered, but not yet kept."""

    def end(self, rows: int, skipped: bool) -> None:
        """The step is done, with that many rows, -1 if rows are not counted; skipped: nothing had to be done."""

    def say(self, line: str) -> None:
        """A line for the user."""

    def stop(self, why: str = "") -> None:
        """Nothing more is reported, for that reason."""


class Quiet:
    """Reports nothing."""

    relation = ""

    def begin(self, relation: str, rows: int | None) -> None:
        self.relation = relation

    def advance(self, rows: int) -> None: ...
    def answered(self, function: str, rows: int) -> None: ...
    def end(self, rows: int, skipped: bool) -> None: ...
    def say(self, line: str) -> None: ...
    def stop(self, why: str = "") -> None: ...
