"""A run on Spark: the steps of `clio-sql run`, with the rows in a lake that workers and driver share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from clio_sql import builder
from clio_sql.analysis import check
from clio_sql.analysis.catalog import own
from clio_sql.builder import Changes, Quiet, Reporter
from clio_sql.errors import InputError, StateError, UsageError
from clio_sql.published import publish as files
from clio_sql.register import engine_of
from clio_sql.run import steps
from clio_sql.run.early import mode
from clio_sql.run.folders import folders
from clio_sql.run.open import opened
from clio_sql.run.outcome import Outcome
from clio_sql.run.steps import Run
from clio_sql.runtime import runtime as wanted
from clio_sql.sources import understood
from clio_sql.spark import source as reading
from clio_sql.spark import workers
from clio_sql.spark.build import builder_on
from clio_sql.spark.lake import Lake
from clio_sql.spark.stages import Stages
from clio_sql.warehouse import erase, lock, state
from clio_sql.warehouse.places import LAKE, SCHEMA, WAREHOUSE, Place

SETTINGS = {  # of the session, as long as a run lasts
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2048",
}


UNCHANGED = Changes(0, 0, 0)


@dataclass
class Cluster:
    """What the steps of a run on Spark share beside the `Run`. changes: of the conversations since the last run."""

    stages: Stages
    rows: DataFrame
    where: str
    reading: Mapping[str, Any]
    changes: Changes = UNCHANGED

    def read(self, run: Run) -> None:
        """Read the table into `source`, and how it was understood into `input`."""
        run.reporter.begin("source", None)
        source, self.changes = reading.read(self.stages, self.rows, self.where, **self.reading)
        run.reporter.end(source.rows, skipped=False)
        run.reporter.say(understood.line(source))
        builder.describe_input(run.con, run.schema, **source.described)
        run.source = source
        if self.changes.vanished:  # at the end the warehouse is copied without their bytes
            erase.noted(run.con, self.changes.vanished)

    def lock_engine(self, run: Run) -> None:
        """As `steps.lock_engine`; the lake can be read and written too."""
        run.opened.enter_context(files.drafted(run.con, run.folder))
        state.salted(run.con)
        run.same_state = lock.lock(run.con, self.stages.lake.folder)

    def build(self, run: Run) -> None:
        """Build every relation, on Spark or here."""
        run.built = builder.run(
            run.con, run.schema, run.reporter, run.relations, run.refit, made=builder_on(self.stages)
        )
        run.built.changes["facet_values"] = self.changes

    def clear(self, run: Run) -> None:
        """Remove from the lake what no relation reads any more, so also rows that are gone from the input."""
        made = (relation.name for relation in run.relations if self.stages.makes(relation))
        self.stages.lake.clear({"source", *made})

    @property
    def steps(self) -> tuple[steps.Step, ...]:
        """In order."""
        begun = (steps.settle, self.read, steps.begin_record)
        published = (steps.check, steps.publish, steps.keep, steps.end_record, steps.write_report, steps.summarise)
        return (*begun, self.lock_engine, self.build, *published, self.clear, steps.finish)


def run(
    spark: SparkSession,
    source: DataFrame | str,
    into: str | Path,
    analysis: str | Path | None = None,
    *,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    since: str | None = None,
    until: str | None = None,
    refit: bool = False,
    parquet: bool = False,
    parts: int | None = None,
    worker_memory: str = "1GB",
    reporter: Reporter | None = None,
    **runtime: Any,
) -> Outcome:
    """Analyse a table of Spark into the folder: what `clio-sql run` writes, and `lake/`, which is private too.

    source: a DataFrame, the name of a table, or the path of a Parquet file or folder; a row is a conversation. into: a
    folder that driver and workers reach under the same path. breakdowns, measures, columns, since, until, refit and
    parquet: as `clio-sql run` takes them; format: its --source. parts: into how many partitions rows are shuffled; by
    default twice as many as tasks run at once. worker_memory: of the DuckDB in each Python worker, which needs about
    1 GB more for the models. reporter: by default nothing is shown. runtime: fields of `clio_sql.runtime.Runtime`; the
    provider is 'local'.

    Raises UsageError for safety mode or another provider, InputError for a table that cannot be read, StateError where
    the workers lack clio-sql or cannot reach the folder, any other ClioError as `clio-sql run` does.
    """
    folder, shown = Path(into).absolute(), reporter or Quiet()
    relations = check.checked(Path(analysis) if analysis is not None else None)
    if mode(relations) == "safety":
        raise UsageError("safety mode does not run on Spark. Take `mode` out of settings.sql, or use clio-sql run.")
    if wanted(**runtime).provider != "local":
        raise UsageError("on Spark the provider is local: answers that cost money come with clio-sql run alone.")
    if "://" in str(into):
        raise UsageError(
            f"--into {into}: give the path of a folder that driver and workers share, such as a mount of it."
        )
    rows, where = _rows(spark, source)
    given = {"format": format, "columns": dict(columns or {}), "since": since, "until": until}
    with _settings(spark), folders(folder, folder), _told():
        workers.require(spark, folder)
        with opened(folder / WAREHOUSE, shown, runtime, own(relations), lake=True) as con:
            files.require_alone(folder, mode(relations))
            engine = engine_of(con)
            assert engine is not None
            con.execute(f"create schema if not exists {SCHEMA}; set schema = '{SCHEMA}'")
            lake = Lake(con, folder / LAKE, SCHEMA)
            split = parts or 2 * spark.sparkContext.defaultParallelism
            known = {relation.name: relation for relation in relations}
            stages = Stages(spark, con, engine, lake, known, split, worker_memory)
            cluster = Cluster(stages, rows, where, {**given, "breakdowns": breakdowns, "measures": measures})
            place = Place(folder / WAREHOUSE, SCHEMA, None)
            work = Run(con, engine, shown, place, folder, relations, parquet=parquet, refit=refit)
            with work.opened:
                for step in cluster.steps:
                    step(work)
    assert work.outcome is not None
    return work.outcome


def _rows(spark: SparkSession, source: DataFrame | str) -> tuple[DataFrame, str]:
    """The rows of a source, and what errors call it."""
    if not isinstance(source, str):
        return source, "the table"
    try:
        if "://" in source:
            return spark.read.parquet(source), source
        if source.endswith(".parquet") or Path(source).exists():
            return spark.read.parquet(f"file://{Path(source).absolute()}"), source
        return spark.table(source), source
    except PySparkException as error:
        raise InputError(
            f"{source}: Spark cannot read it ({type(error).__name__}). Give the name of a table, or a path of Parquet."
        ) from None


@contextmanager
def _settings(spark: SparkSession) -> Iterator[None]:
    """The settings that a run needs, and afterwards those that were there."""
    before = {name: spark.conf.get(name) for name in SETTINGS}
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, earlier in before.items():
            spark.conf.set(name, str(earlier))


@contextmanager
def _told() -> Iterator[None]:
    """Within, what Spark raises becomes ours: what a worker said, or only its kind, since it may quote rows."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise StateError(workers.said(error)) from None
