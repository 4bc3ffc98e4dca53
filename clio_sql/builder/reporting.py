"""What a build tells while it works."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Is told how far a build is; see `clio_sql.progress`."""

    def begin(self, relation: str, rows: int | None) -> None:
        """A relation begins; rows: how many are to be answered, None where that is not known."""

    def advance(self, rows: int) -> None:
        """So many more rows are answered."""

    def end(self, rows: int, skipped: bool) -> None:
        """The relation is there, with so many rows; skipped: it was there already."""


class Quiet:
    """Reports nothing."""

    def begin(self, relation: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...
    def end(self, rows: int, skipped: bool) -> None: ...
