"""What Spark's workers must have: clio-sql as the driver has it, and the folder that they share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from pyspark.sql import SparkSession

from clio_sql.errors import StateError

SAID = re.compile(r"clio_sql\.errors\.\w+: (?P<text>[^\n]+)")


def require(spark: SparkSession, folder: Path) -> None:
    """Raise StateError where a worker lacks clio-sql, has other versions than the driver, or sees no such folder."""
    here = Seen(f"{sys.version_info[0]}.{sys.version_info[1]}", version("clio-sql"), version("duckdb"), True)
    mark = folder / f".seen-{uuid4().hex}"
    mark.touch()
    try:
        tasks = 2 * spark.sparkContext.defaultParallelism
        rows = spark.sparkContext.parallelize(range(tasks), tasks)
        found = {Seen(*each) for each in rows.mapPartitions(_looking(str(mark))).collect()}
    finally:
        mark.unlink()
    for there in sorted(found - {here}):
        if there[:3] != here[:3]:
            raise StateError(
                f"a worker of Spark has {there}; the driver has {here}. Run on every worker: pip install "
                f"'clio-sql[offline]=={here.clio_sql}' duckdb=={here.duckdb}, with the Python that Spark uses "
                "(spark.pyspark.python)."
            )
        raise StateError(
            f"a worker of Spark does not see {folder}. Give a folder that driver and workers share under one path."
        )


class Seen(NamedTuple):
    """Versions on a machine, '' where there is none, and whether it sees the folder."""

    python: str
    clio_sql: str
    duckdb: str
    folder: bool

    def __str__(self) -> str:
        clio, duckdb = (f"{name} {of or 'not at all'}" for name, of in (("clio-sql", self[1]), ("duckdb", self[2])))
        return f"Python {self.python}, {clio}, {duckdb}"


def _looking(mark: str) -> Callable[[Iterable[int]], Iterator[tuple[str, str, str, bool]]]:
    # of nothing but the standard library, as there may be no clio-sql
    def look(rows: Iterable[int]) -> Iterator[tuple[str, str, str, bool]]:
        import os
        import sys
        from importlib.metadata import PackageNotFoundError, version

        def of(name: str) -> str:
            try:
                return version(name)
            except PackageNotFoundError:
                return ""

        yield f"{sys.version_info[0]}.{sys.version_info[1]}", of("clio-sql"), of("duckdb"), os.path.exists(mark)

    return look


def said(error: Exception) -> str:
    """What a worker said of it, else only of what kind it is."""
    found = SAID.search(str(error))
    return found["text"] if found else f"Spark failed ({type(error).__name__}). Its log says why."
