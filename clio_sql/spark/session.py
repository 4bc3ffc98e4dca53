"""A session of Spark for the command line: made, or that of spark-submit, and stopped at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pyspark.sql import SparkSession

from clio_sql.errors import StateError, UsageError

OF_PROVIDERS = ("ANTHROPIC_", "OPENAI_")  # how the variables begin that have their keys and tokens
QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}  # its lines would be drawn over ours


@contextmanager
def session(master: str | None, conf: Sequence[str]) -> Iterator[SparkSession]:
    """A session on that master. conf: KEY=VALUE each. Raises UsageError for a setting that is none."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of workers on this machine
    builder = SparkSession.builder.appName("clio-sql")
    if master is not None:
        builder = builder.master(master)
    for key, value in QUIET.items():
        builder = builder.config(key, value)
    for each in conf:
        key, sign, value = each.partition("=")
        if not sign or not key.startswith("spark."):
            raise UsageError(
                f"--conf {each!r} is no setting of Spark. Give KEY=VALUE, such as spark.executor.memory=2g."
            )
        builder = builder.config(key, value)
    try:
        with _without_keys():
            made = builder.getOrCreate()
    except Exception as error:  # of py4j, of the JVM, or of a missing Java
        raise StateError(
            f"Spark does not start ({type(error).__name__}). It needs Java 17 (JAVA_HOME) and a master that answers."
        ) from None
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def _without_keys() -> Iterator[None]:
    """Within, the environment has no key of a provider: workers on this machine inherit that of the Java it starts."""
    keys = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith(OF_PROVIDERS)}
    try:
        yield
    finally:
        os.environ.update(keys)
