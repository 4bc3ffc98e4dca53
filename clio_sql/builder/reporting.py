"""What a build tells while it works."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Is told how far a build or a run is; see `clio_sql.cli.progress`. relation: the step that is being done."""

    relation: str

    def begin(self, relation: str, rows: int | None) -> None:
        """A step begins; rows: how many are to be answered, None where that is not known."""

    def advance(self, rows: int) -> None:
        """So many more rows are answered and kept."""

    def answered(self, function: str, rows: int) -> None:
        """So many more rows of a function are answered, but not yet kept."""

    def end(self, rows: int, skipped: bool) -> None:
        """The step is done, with so many rows, -1 where none are counted; skipped: it was done already."""

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
