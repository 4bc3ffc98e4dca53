"""Limits on an input, so that a small file cannot use all memory. Each can be changed in `settings`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from clio_sql.errors import InputError


@dataclass(frozen=True)
class Limits:
    """max_row_bytes: of one JSON object, CSV line or SQLite value. max_columns: of a table, or keys of all JSON
    objects together. max_expansion: bytes that one byte of a .gz, .zip or Parquet file may unpack to.
    """

    max_row_bytes: int = 16 * 2**20
    max_columns: int = 400
    max_expansion: int = 200

    def require_few(self, where: str, columns: Collection[str]) -> None:
        """Raises InputError if there are more columns than allowed."""
        if len(columns) > self.max_columns:
            raise InputError(
                f"{where}: it has {len(columns):,} columns or keys; at most {self.max_columns:,} are allowed. Are keys "
                "of its objects data, such as user ids? Then write one object per row. Or allow more: max_columns "
                "in settings.sql."
            )
