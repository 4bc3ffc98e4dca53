"""Runs an analysis on a Spark cluster: what grows with the conversations is made on workers, by the same SQL files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clio_sql.spark.analyse import forget, run

__all__ = ["forget", "run"]


def __getattr__(name: str) -> Any:  # a worker needs only `worker`
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from clio_sql.spark import analyse

    return getattr(analyse, name)
